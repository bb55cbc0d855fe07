package dev.cleat.server.reader;

import java.util.concurrent.TimeUnit;
import org.eclipse.jgit.lib.Config;
import org.eclipse.jgit.storage.file.FileBasedConfig;
import org.eclipse.jgit.util.FS;
import org.eclipse.jgit.util.SystemReader;

/**
 * The system as JGit sees it here: there are no settings but the repository's own. JGit would run
 * git to find the system's, read and write the user's, and write files into the repository to learn
 * how fine the file system's times are.
 */
final class QuietGit extends SystemReader.Delegate {
  /** Coarse enough for every file system; all that it costs is to read a fresh index twice. */
  private static final long RESOLUTION_MILLIS = 10;

  private QuietGit(SystemReader system) {
    super(system);
  }

  /** Makes it so, for all of the program. */
  static void install() {
    SystemReader.setInstance(new QuietGit(SystemReader.getInstance()));
  }

  @Override
  public FileBasedConfig openUserConfig(Config parent, FS fs) {
    return new NoSettings(parent, fs);
  }

  @Override
  public FileBasedConfig openSystemConfig(Config parent, FS fs) {
    return new NoSettings(parent, fs);
  }

  @Override
  public FileBasedConfig openJGitConfig(Config parent, FS fs) {
    return new NoSettings(parent, fs);
  }

  /** Settings without a file, which only know what JGit would measure. */
  private static final class NoSettings extends FileBasedConfig {
    @SuppressWarnings("NullAway") // JGit itself gives null for a file that is not there.
    NoSettings(Config parent, FS fs) {
      super(parent, null, fs);
    }

    @Override
    public void load() {}

    @Override
    public void save() {}

    @Override
    public boolean isOutdated() {
      return false;
    }

    @Override
    public long getTimeUnit(
        String section, String subsection, String name, long fallback, TimeUnit unit) {
      return section.equals("filesystem")
          ? unit.convert(RESOLUTION_MILLIS, TimeUnit.MILLISECONDS)
          : super.getTimeUnit(section, subsection, name, fallback, unit);
    }
  }
}
