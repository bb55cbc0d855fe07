package dev.cleat.server.tool;

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

  private final Path directory;

  private ShellInit(Path directory) {
    this.directory = directory;
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
    Path fresh = Files.createTempFile(absolute, BASH, ".new");
    try (@Nullable InputStream resource = ShellInit.class.getResourceAsStream(BASH)) {
      if (resource == null) {
        throw new FileNotFoundException("The resource " + BASH + " is missing");
      }
      Files.copy(resource, fresh, StandardCopyOption.REPLACE_EXISTING);
      restrict(fresh, "rw-------");
      Files.move(fresh, absolute.resolve(BASH), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(fresh);
    }
    return new ShellInit(absolute);
  }

  private static void restrict(Path path, String permissions) throws IOException {
    FileStore store = Files.getFileStore(path);
    if (store.supportsFileAttributeView(PosixFileAttributeView.class)) {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }
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
