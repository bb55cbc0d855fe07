import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;

/**
 * Runs google-java-format over every Java file below the current folder that has changed since all
 * were formatted, in one process: {@code check} names the files that are not formatted and fails,
 * {@code write} formats them. Build output is left alone.
 */
public final class Format {
  private static final List<String> SKIPPED = List.of("target", "node_modules", ".git");

  /** As old as the last look that found all files formatted. */
  private static final Path FORMATTED = Path.of("target", "formatted");

  /** What says how files are formatted: when it changes, all are looked at. */
  private static final List<Path> RULES = List.of(Path.of("pom.xml"), Path.of(".ci/Format.java"));

  private Format() {}

  public static void main(String[] args) throws IOException {
    boolean write = args.length == 1 && args[0].equals("write");
    if (!write && !(args.length == 1 && args[0].equals("check"))) {
      System.err.println("usage: Format check|write");
      System.exit(2);
    }
    FileTime now = FileTime.from(Instant.now());
    List<String> files = javaFiles(Path.of(""), lastFormatted());
    int exit = files.isEmpty() ? 0 : format(write, files);
    if (exit == 0) {
      Files.createDirectories(FORMATTED.getParent());
      Files.write(FORMATTED, new byte[0]);
      Files.setLastModifiedTime(FORMATTED, now);
    } else if (!write) {
      System.err.println("The files above are not formatted; .ci/format formats them.");
    }
    System.exit(exit);
  }

  private static FileTime lastFormatted() throws IOException {
    FileTime never = FileTime.fromMillis(0);
    if (!Files.exists(FORMATTED)) {
      return never;
    }
    FileTime last = Files.getLastModifiedTime(FORMATTED);
    for (Path rule : RULES) {
      if (Files.getLastModifiedTime(rule).compareTo(last) >= 0) {
        return never;
      }
    }
    return last;
  }

  private static int format(boolean write, List<String> files) {
    List<String> command = new ArrayList<>();
    command.addAll(write ? List.of("--replace") : List.of("--dry-run", "--set-exit-if-changed"));
    command.addAll(files);
    return ToolProvider.findFirst("google-java-format")
        .orElseThrow()
        .run(System.out, System.err, command.toArray(String[]::new));
  }

  private static List<String> javaFiles(Path root, FileTime since) throws IOException {
    List<String> files = new ArrayList<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
            return SKIPPED.contains(dir.getFileName().toString())
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(".java")
                && attributes.lastModifiedTime().compareTo(since) >= 0) {
              files.add(file.toString());
            }
            return FileVisitResult.CONTINUE;
          }
        });
    files.sort(null);
    return files;
  }
}
