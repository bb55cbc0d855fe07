import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;

/**
 * Runs google-java-format over every Java file below the current folder, in one process: {@code
 * check} names the files that are not formatted and fails, {@code write} formats them. Build output
 * is left alone.
 */
public final class Format {
  private static final List<String> SKIPPED = List.of("target", "node_modules", ".git");

  private Format() {}

  public static void main(String[] args) throws IOException {
    boolean write = args.length == 1 && args[0].equals("write");
    if (!write && !(args.length == 1 && args[0].equals("check"))) {
      System.err.println("usage: Format check|write");
      System.exit(2);
    }
    List<String> command = new ArrayList<>();
    command.addAll(write ? List.of("--replace") : List.of("--dry-run", "--set-exit-if-changed"));
    command.addAll(javaFiles(Path.of("")));
    int exit =
        ToolProvider.findFirst("google-java-format")
            .orElseThrow()
            .run(System.out, System.err, command.toArray(String[]::new));
    if (exit != 0 && !write) {
      System.err.println("The files above are not formatted; .ci/format formats them.");
    }
    System.exit(exit);
  }

  private static List<String> javaFiles(Path root) throws IOException {
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
            if (file.toString().endsWith(".java")) {
              files.add(file.toString());
            }
            return FileVisitResult.CONTINUE;
          }
        });
    files.sort(null);
    return files;
  }
}
