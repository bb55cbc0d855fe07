package dev.cleat.server.isolation;

import dev.cleat.server.policy.WorkspacePolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The arguments of bubblewrap: mounts, processes, names and users of its own; of the machine's
 * files the programs, a little of /etc, what the policy names, and the working directory.
 *
 * <p>It stays in the terminal's session, so that the shell in it has job control. What TIOCSTI
 * could type into the terminal, it types to itself: nobody else reads there, before or after.
 */
final class Sandbox {
  private static final List<String> SYSTEM =
      List.of("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt");

  /** Of /etc what programs want, and nothing that may be a key. */
  private static final List<String> SETTINGS =
      List.of(
          "/etc/alternatives",
          "/etc/bash.bashrc",
          "/etc/ca-certificates",
          "/etc/group",
          "/etc/hosts",
          "/etc/inputrc",
          "/etc/ld.so.cache",
          "/etc/ld.so.conf",
          "/etc/ld.so.conf.d",
          "/etc/locale.alias",
          "/etc/localtime",
          "/etc/mime.types",
          "/etc/nsswitch.conf",
          "/etc/passwd",
          "/etc/profile",
          "/etc/protocols",
          "/etc/resolv.conf",
          "/etc/services",
          "/etc/ssl/certs",
          "/etc/ssl/openssl.cnf",
          "/etc/terminfo");

  private Sandbox() {}

  /**
   * What to call bubblewrap with, up to the command.
   *
   * @param hidden a folder that is empty in it wherever it lies, but for what is writable
   * @param writable folders
   */
  static List<String> options(
      WorkspacePolicy workspace, Path hidden, List<Path> writable, String workdir) {
    final List<String> options =
        new ArrayList<>(
            List.of(
                "--unshare-user",
                "--unshare-pid",
                "--unshare-ipc",
                "--unshare-uts",
                "--unshare-cgroup-try",
                "--die-with-parent",
                "--hostname",
                "sandbox"));
    if (!workspace.network()) {
      options.add("--unshare-net");
    }
    SYSTEM.forEach(path -> show(options, Path.of(path)));
    SETTINGS.forEach(path -> options.addAll(List.of("--ro-bind-try", path, path)));
    options.addAll(List.of("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"));
    workspace
        .readOnly()
        .forEach(
            path -> options.addAll(List.of("--ro-bind-try", path.toString(), path.toString())));
    if (isShown(hidden, workspace.readOnly())
        || isShown(hidden, SYSTEM.stream().map(Path::of).toList())) {
      options.addAll(List.of("--tmpfs", hidden.toString()));
    }
    writable.forEach(path -> options.addAll(List.of("--bind", path.toString(), path.toString())));
    options.addAll(List.of("--chdir", workdir, "--"));
    return options;
  }

  private static boolean isShown(Path path, List<Path> roots) {
    return roots.stream().anyMatch(path::startsWith);
  }

  /** Links as links, as on systems where all programs are in /usr. */
  private static void show(List<String> options, Path path) {
    final Optional<Path> link = link(path);
    if (link.isPresent()) {
      options.addAll(List.of("--symlink", link.get().toString(), path.toString()));
    } else {
      options.addAll(List.of("--ro-bind-try", path.toString(), path.toString()));
    }
  }

  private static Optional<Path> link(Path path) {
    try {
      return Files.isSymbolicLink(path)
          ? Optional.of(Files.readSymbolicLink(path))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
