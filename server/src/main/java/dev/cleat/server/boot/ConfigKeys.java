package dev.cleat.server.boot;

import static dev.cleat.server.boot.ConfigType.Zero.IS_TOO_SMALL;
import static dev.cleat.server.boot.ConfigType.Zero.MEANS_NONE;

import dev.cleat.server.auth.ClientAuth;
import dev.cleat.server.journal.SyncPolicy;
import dev.cleat.v1.Role;
import java.net.URI;
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

  /** Where probes and metrics are if nobody says otherwise. */
  static final String USUAL_ADMIN = "127.0.0.1:7071";

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
          "Listen on an address that other machines reach, without both TLS and a source of"
              + " identity: whoever reaches it, or reads along, can run programs here.");
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

  static final ConfigKey<Path> TLS_CERT =
      key(
          "tls.cert",
          ConfigType.PATH,
          "A PEM file with the server's certificate and those between it and its authority: serves"
              + " TLS only. Read again when it changes, as every file of these two sections.");
  static final ConfigKey<Path> TLS_KEY =
      key("tls.key", ConfigType.PATH, "A PEM file with its private key (PKCS#8).");
  static final ConfigKey<Path> TLS_CLIENT_CA =
      key(
          "tls.client_ca",
          ConfigType.PATH,
          "A PEM file with the authorities whose client certificates say who calls.");
  static final ConfigKey<ClientAuth> TLS_CLIENT_AUTH =
      key(
          "tls.client_auth",
          ConfigType.word(ClientAuth.class),
          "optional",
          "Whether clients are asked for a certificate, with tls.client_ca.");
  static final ConfigKey<Optional<Role>> TLS_CLIENT_ROLE =
      key(
          "tls.client_role",
          ConfigType.ROLE_OR_NONE,
          "viewer",
          "The role of a client certificate that does not say one. none: it is not valid.");

  static final ConfigKey<Path> AUTH_TOKENS =
      key(
          "auth.tokens",
          ConfigType.PATH,
          "A YAML file with the hashes of bearer tokens; cleat token new makes its entries.");
  static final ConfigKey<String> AUTH_JWT_KEYS =
      key(
          "auth.jwt_keys",
          ConfigType.PATH_OR_URL,
          "The public keys of JWTs, as a JWKS: a file, or the https URL of an endpoint.");
  static final ConfigKey<String> AUTH_JWT_ISSUER =
      key("auth.jwt_issuer", ConfigType.TEXT, "The issuer (iss) of JWTs.");
  static final ConfigKey<String> AUTH_JWT_AUDIENCE =
      key("auth.jwt_audience", ConfigType.TEXT, "The audience (aud) that JWTs must be for.");
  static final ConfigKey<String> AUTH_JWT_TENANT =
      key("auth.jwt_tenant", ConfigType.TEXT, "tenant", "The claim of a JWT with the tenant.");
  static final ConfigKey<String> AUTH_JWT_SUBJECT =
      key("auth.jwt_subject", ConfigType.TEXT, "sub", "The claim of a JWT with the subject.");
  static final ConfigKey<String> AUTH_JWT_ROLE =
      key("auth.jwt_role", ConfigType.TEXT, "role", "The claim of a JWT with the role.");
  static final ConfigKey<Path> AUTH_TICKET_KEYS =
      key(
          "auth.ticket_keys",
          ConfigType.PATH,
          "A YAML file with the keys of tickets: the first signs, each verifies.",
          "one of the server's own in the data folder",
          _ -> Optional.empty());
  static final ConfigKey<Boolean> AUTH_ANONYMOUS =
      key(
          "auth.anonymous",
          ConfigType.SWITCH,
          "Take a call without a credential for an administrator's of the tenant default; only on a"
              + " loopback address, unless allow_insecure_listen says otherwise.",
          "true without tokens, JWTs and client certificates, else false",
          _ -> Optional.empty());
  static final ConfigKey<Boolean> AUTH_OPEN_HEALTH =
      key(
          "auth.open_health",
          ConfigType.SWITCH,
          "true",
          "Answer health checks without a credential.");
  static final ConfigKey<Boolean> AUTH_OPEN_REFLECTION =
      key(
          "auth.open_reflection",
          ConfigType.SWITCH,
          "Answer reflection without a credential.",
          "as auth.anonymous",
          _ -> Optional.empty());
  static final ConfigKey<Path> POLICY =
      key(
          "policy",
          ConfigType.PATH,
          "A YAML file that says what tenants may do and how workspaces run. Read again when it"
              + " changes.");
  static final ConfigKey<Boolean> ISOLATION_ALLOW_SAME_USER =
      key(
          "isolation.allow_same_user",
          ConfigType.SWITCH,
          "false",
          "Let sessions of several tenants run as the server's user, in workspaces without"
              + " isolation: each can then do to the others, and to the server, what it likes.");

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
  static final ConfigKey<Integer> LIMITS_CONNECTIONS =
      key(
          "limits.connections",
          ConfigType.integer(1, 1_000_000),
          "How many connections there may be at a time. One more takes the place of one without a"
              + " call.",
          "half of the files that the process may have open, one for each 32 KiB of heap, 10,000 at"
              + " most",
          _ -> Optional.empty());
  static final ConfigKey<Integer> LIMITS_STREAMS =
      key(
          "limits.streams",
          ConfigType.integer(1, 1_000_000),
          "How many calls may be under way at a time, of all clients together.",
          "one for each 16 KiB of heap, 100,000 at most",
          _ -> Optional.empty());
  static final ConfigKey<Integer> LIMITS_STREAMS_PER_CONNECTION =
      key(
          "limits.streams_per_connection",
          ConfigType.integer(1, 1_000_000),
          "4000",
          "How many calls may be under way on a connection at a time.");

  static final ConfigKey<Duration> SHUTDOWN_TURNS =
      key(
          "shutdown.turns",
          ConfigType.duration(Duration.ZERO, Duration.ofDays(1), IS_TOO_SMALL),
          "30s",
          "How long turns that run or wait may go on when the server shuts down. Until then it"
              + " takes no new work, and streams go on.");
  static final ConfigKey<Duration> SHUTDOWN_RETRY_AFTER =
      key(
          "shutdown.retry_after",
          ConfigType.duration(Duration.ofMillis(1), Duration.ofMinutes(10), IS_TOO_SMALL),
          "1s",
          "How long clients are told to wait before they connect again when the server shuts"
              + " down.");
  static final ConfigKey<Duration> SHUTDOWN_GRACE =
      key(
          "shutdown.grace",
          ConfigType.duration(Duration.ZERO, Duration.ofHours(1), IS_TOO_SMALL),
          "10s",
          "How long calls may take to end when the server shuts down, after its turns.");
  static final ConfigKey<Boolean> CHANNELZ =
      key(
          "channelz",
          ConfigType.SWITCH,
          "true",
          "Serve the state of connections to administrators by channelz; only on a loopback"
              + " address.");
  static final ConfigKey<Optional<ListenAddress>> ADMIN_LISTEN =
      key(
          "admin.listen",
          ConfigType.ADDRESS_OR_NONE,
          USUAL_ADMIN,
          "Where /livez, /readyz and /metrics are served over HTTP, to whoever reaches it. Port 0:"
              + " the system chooses one. none: nowhere. The server does without where the default"
              + " is taken.");
  static final ConfigKey<Level> LOG_LEVEL =
      key(
          "log.level",
          ConfigType.word(Level.class),
          "info",
          "The least important messages logged.");
  static final ConfigKey<LogFormat> LOG_FORMAT =
      key(
          "log.format",
          ConfigType.word(LogFormat.class),
          "text",
          "How the log is written. json: an object a line, with the tenant, session, turn and trace"
              + " that it is about.");
  static final ConfigKey<URI> OTEL_ENDPOINT =
      key(
          "otel.endpoint",
          ConfigType.WEB_ADDRESS,
          "The collector that gets traces, by OTLP over HTTP, such as http://127.0.0.1:4318. Not"
              + " set: no traces.");
  static final ConfigKey<AuditTarget> AUDIT_FILE =
      key(
          "audit.file",
          ConfigType.AUDIT,
          "none",
          "The file that says who changed what, a JSON object a line. log: in the server's log."
              + " none: nowhere.");
  static final ConfigKey<Boolean> AUDIT_REQUIRED =
      key(
          "audit.required",
          ConfigType.SWITCH,
          "false",
          "Refuse what would change something while that cannot be written to audit.file.");

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
