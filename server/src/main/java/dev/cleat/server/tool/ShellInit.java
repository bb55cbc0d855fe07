package dev.cleat.server.tool;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The start-up files with which shells mark their prompts and commands, as files on disk.
 *
 * <p>Immutable.
 */
public final class ShellInit {
  /**
   * The variable in which a shell gets the {@code aid} of its marks. It unsets it before it starts
   * any program.
   */
  static final String AID_VARIABLE = "CLEAT_MARKS_AID";

  private static final String BASH = "bash.rc";

  /**
   * A bash that becomes the one in its arguments, with what is argument 1 as its start-up file. A
   * here-string is in the pipe before the shell reads it.
   */
  private static final String BECOME = "exec \"$0\" --rcfile /dev/fd/9 \"${@:2}\" 9<<<\"$1\"";

  private final Path directory;
  private final String bash;

  private ShellInit(Path directory, String bash) {
    this.directory = directory;
    this.bash = bash;
  }

  /**
   * Writes the files, over those of an earlier version. Shells that are starting meanwhile read the
   * old or the new one.
   *
   * @param directory created if it does not exist; readable for its owner only, as are the files
   */
  public static ShellInit install(Path directory) throws IOException {
    Path absolute = directory.toAbsolutePath();
    Files.createDirectories(absolute);
    restrict(absolute, "rwx------");
    String bash = resource();
    Path fresh = Files.createTempFile(absolute, BASH, ".new");
    try {
      Files.writeString(fresh, bash);
      restrict(fresh, "rw-------");
      Files.move(fresh, absolute.resolve(BASH), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(fresh);
    }
    return new ShellInit(absolute, bash);
  }

  private static String resource() throws IOException {
    try (@Nullable InputStream resource = ShellInit.class.getResourceAsStream(BASH)) {
      if (resource == null) {
        throw new FileNotFoundException("The resource " + BASH + " is missing");
      }
      return new String(resource.readAllBytes(), UTF_8);
    }
  }

  private static void restrict(Path path, String permissions) throws IOException {
    FileStore store = Files.getFileStore(path);
    if (store.supportsFileAttributeView(PosixFileAttributeView.class)) {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }
  }

  /**
   * As {@link #command}, for a shell that cannot read the server's files: it gets the start-up file
   * as text.
   *
   * @param aid what its marks carry
   */
  List<String> commandWithoutFile(Shell shell, List<String> command, String aid) {
    return switch (shell) {
      case BASH -> {
        String text = "exec 9<&-\n" + AID_VARIABLE + "=" + aid + "\n" + bash;
        List<String> argv = new ArrayList<>(List.of(command.getFirst(), "-c", BECOME));
        argv.addAll(List.of(command.getFirst(), text));
        argv.addAll(command.subList(1, command.size()));
        yield argv;
      }
    };
  }

  /** The command with what makes this shell read its start-up file. */
  List<String> command(Shell shell, List<String> command) {
    return switch (shell) {
      case BASH -> {
        // Bash wants its long options first.
        List<String> argv = new ArrayList<>(command);
        argv.addAll(1, List.of("--rcfile", directory.resolve(BASH).toString()));
        yield argv;
      }
    };
  }
}
