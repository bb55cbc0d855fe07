package dev.cleat.server.boot;

import static dev.cleat.server.boot.ConfigType.Zero.IS_TOO_SMALL;
import static dev.cleat.server.boot.ConfigType.Zero.MEANS_NONE;

import dev.cleat.server.journal.SyncPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.event.Level;

/**
 * Everything that can be configured. A setting is declared here and nowhere else: the file's keys,
 * the environment's names, the flags, the help and the checks follow from it.
 */
public final class ConfigKeys {
  private static final long KIB = 1L << 10;
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;
  private static final long TIB = 1L << 40;
  private static final Duration YEARS = Duration.ofDays(3_650);

  private static final List<ConfigKey<?>> DECLARED = new ArrayList<>();

  static final ConfigKey<ListenAddress> LISTEN =
      key(
          "listen",
          ConfigType.ADDRESS,
          "127.0.0.1:7070",
          "Where to listen. Port 0: the system chooses one.");
  static final ConfigKey<Boolean> ALLOW_INSECURE_LISTEN =
      key(
          "allow_insecure_listen",
          ConfigType.SWITCH,
          "false",
          "Listen on an address that other machines reach, without TLS and authentication: whoever"
              + " reaches it can run programs here.");
  static final ConfigKey<Path> DATA =
      key(
          "data",
          ConfigType.PATH,
          "Where journals and state are kept.",
          "$XDG_DATA_HOME/cleat, or ~/.local/share/cleat",
          ConfigKeys::dataFolder);
  static final ConfigKey<Path> CONFIG =
      key(
          "config",
          ConfigType.PATH,
          "The YAML file with settings. Relative paths in it are relative to its folder.");
  static final ConfigKey<Path> CATALOGUE =
      key("catalogue", ConfigType.PATH, "A YAML file with tools over the built-in ones.");

  static final ConfigKey<SyncPolicy> JOURNAL_SYNC =
      key(
          "journal.sync",
          ConfigType.word(SyncPolicy.class),
          "interval",
          "When events go to stable storage. os: when the system likes; they survive this process,"
              + " not the machine. interval: after journal.sync_interval. always: before anyone"
              + " sees them.");
  static final ConfigKey<Duration> JOURNAL_SYNC_INTERVAL =
      key(
          "journal.sync_interval",
          ConfigType.duration(Duration.ofMillis(1), Duration.ofMinutes(1), IS_TOO_SMALL),
          "200ms",
          "How long an event may wait for stable storage, with journal.sync interval.");
  static final ConfigKey<Long> JOURNAL_SEGMENT_BYTES =
      key(
          "journal.segment_bytes",
          ConfigType.size(64 * KIB, GIB, IS_TOO_SMALL),
          "16MiB",
          "How long a file of a journal grows. What is trimmed is trimmed by whole files.");
  static final ConfigKey<Long> JOURNAL_MEMORY_BYTES =
      key(
          "journal.memory_bytes",
          ConfigType.size(64 * KIB, 64 * MIB, IS_TOO_SMALL),
          "512KiB",
          "How much of a busy session's newest events is kept in memory for its readers.");

  static final ConfigKey<Long> RETENTION_BYTES =
      key(
          "retention.bytes",
          ConfigType.size(MIB, 1_024 * TIB, MEANS_NONE),
          "1GiB",
          "How much of a session's journal is kept, about. 0: all of it.");
  static final ConfigKey<Duration> RETENTION_AGE =
      key(
          "retention.age",
          ConfigType.duration(Duration.ofSeconds(1), YEARS, MEANS_NONE),
          "0",
          "How long a session's events are kept, about. 0: for ever.");
  static final ConfigKey<Duration> RETENTION_ENDED =
      key(
          "retention.ended",
          ConfigType.duration(Duration.ofSeconds(1), YEARS, MEANS_NONE),
          "7d",
          "How long a session stays after its process has ended. 0: until it is deleted.");

  static final ConfigKey<Duration> SESSION_IDLE_TIMEOUT =
      key(
          "session.idle_timeout",
          ConfigType.duration(Duration.ofSeconds(1), YEARS, MEANS_NONE),
          "0",
          "Stop a session after this long without output, turn or client. 0: never.");
  static final ConfigKey<Duration> SESSION_STOP_GRACE =
      key(
          "session.stop_grace",
          ConfigType.duration(Duration.ZERO, Duration.ofMinutes(5), IS_TOO_SMALL),
          "5s",
          "How long a process may take to end before it is killed.");

  static final ConfigKey<Integer> TURNS_KEEP =
      key(
          "turns.keep",
          ConfigType.integer(1, 1_000_000),
          "1000",
          "How many ended turns of a session are kept, beside those whose request id is"
              + " remembered.");

  static final ConfigKey<List<Path>> ARTIFACTS_ROOTS =
      key(
          "artifacts.roots",
          ConfigType.PATHS,
          "Folders beside a session's working directory whose media files are shown when a session"
              + " names them; with colons between them.");

  static final ConfigKey<Long> LIMITS_MESSAGE_BYTES =
      key(
          "limits.message_bytes",
          ConfigType.size(512 * KIB, 64 * MIB, IS_TOO_SMALL),
          "4MiB",
          "The longest message that is taken from a client.");
  static final ConfigKey<Long> LIMITS_INPUT_BYTES =
      key(
          "limits.input_bytes",
          ConfigType.size(KIB, MIB, IS_TOO_SMALL),
          "1MiB",
          "The longest input in one message.");
  static final ConfigKey<Integer> LIMITS_SESSIONS =
      key(
          "limits.sessions",
          ConfigType.integer(1, 1_000_000),
          "4000",
          "How many sessions may run at a time.");
  static final ConfigKey<Integer> LIMITS_CLIENTS_PER_SESSION =
      key(
          "limits.clients_per_session",
          ConfigType.integer(1, 1_000_000),
          "1000",
          "How many clients may be attached to a session at a time.");
  static final ConfigKey<Integer> LIMITS_QUEUE =
      key(
          "limits.queue",
          ConfigType.integer(0, 100_000),
          "32",
          "How many turns of a session may wait behind the one under way.");

  static final ConfigKey<Duration> SHUTDOWN_GRACE =
      key(
          "shutdown.grace",
          ConfigType.duration(Duration.ZERO, Duration.ofHours(1), IS_TOO_SMALL),
          "10s",
          "How long calls and processes may take to end when the server shuts down.");
  static final ConfigKey<Boolean> CHANNELZ =
      key(
          "channelz",
          ConfigType.SWITCH,
          "true",
          "Serve the state of connections by channelz; only on a loopback address.");
  static final ConfigKey<Level> LOG_LEVEL =
      key(
          "log.level",
          ConfigType.word(Level.class),
          "info",
          "The least important messages logged.");

  /** Every setting, in the order in which help shows them. */
  public static final List<ConfigKey<?>> ALL = List.copyOf(DECLARED);

  private ConfigKeys() {}

  private static <T> ConfigKey<T> key(
      String name, ConfigType<T> type, String fallback, String description) {
    return key(name, type, description, fallback, environment -> Optional.of(fallback));
  }

  private static <T> ConfigKey<T> key(String name, ConfigType<T> type, String description) {
    return key(name, type, description, "none", environment -> Optional.empty());
  }

  private static <T> ConfigKey<T> key(
      String name,
      ConfigType<T> type,
      String description,
      String shownDefault,
      Function<Map<String, String>, Optional<String>> fallback) {
    ConfigKey<T> key = new ConfigKey<>(name, type, description, shownDefault, fallback);
    DECLARED.add(key);
    return key;
  }

  private static Optional<String> dataFolder(Map<String, String> environment) {
    String shared = environment.getOrDefault("XDG_DATA_HOME", "");
    // The specification wants a relative one ignored.
    if (shared.startsWith("/")) {
      return Optional.of(shared + "/cleat");
    }
    String home = environment.getOrDefault("HOME", "");
    return Optional.of(
        (home.isEmpty() ? System.getProperty("user.home") : home) + "/.local/share/cleat");
  }
}
