package dev.cleat.server.boot;

import dev.cleat.server.auth.AuthSettings;
import dev.cleat.server.auth.ClientAuth;
import dev.cleat.server.auth.JwtRules;
import dev.cleat.server.auth.TlsSettings;
import dev.cleat.server.yaml.NearNames;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Puts the configuration together: flag over environment over file over default. Every mistake is
 * found before it gives up, also in what is overridden.
 *
 * <p>An environment variable that is empty counts as not set. One that begins with {@code CLEAT_}
 * and is no setting is a warning, not a mistake: other programs of Cleat have their own.
 */
public final class ConfigLoader {
  private static final String PREFIX = "CLEAT_";

  /** Read by the command line and the launcher. */
  private static final Set<String> OF_OTHERS =
      Set.of("CLEAT_SERVER", "CLEAT_TOKEN", "CLEAT_TOKEN_FILE", "CLEAT_DEBUG", "CLEAT_JAVA_OPTS");

  /** What of a message is not its input. */
  private static final int MESSAGE_OVERHEAD_BYTES = 64 << 10;

  private final Map<String, String> environment;
  private final Map<ConfigKey<?>, String> flags;
  private final List<String> problems = new ArrayList<>();
  private final Map<ConfigKey<?>, Given> given = new HashMap<>();

  private ConfigLoader(Map<String, String> environment, Map<ConfigKey<?>, String> flags) {
    this.environment = environment;
    this.flags = flags;
  }

  /**
   * Loads the configuration.
   *
   * @param environment of the process
   * @param flags the text of each flag that was given
   * @throws ConfigException with every mistake at once
   */
  public static LoadedConfig load(Map<String, String> environment, Map<ConfigKey<?>, String> flags)
      throws ConfigException {
    return new ConfigLoader(environment, flags).load();
  }

  private LoadedConfig load() throws ConfigException {
    collect();
    // With a wrong value left out, so that what is wrong between settings is found too.
    Config config = config();
    if (!problems.isEmpty()) {
      throw new ConfigException(problems);
    }
    return new LoadedConfig(config, given, warnings());
  }

  private void collect() {
    for (ConfigKey<?> key : ConfigKeys.ALL) {
      key.fallback(environment).ifPresent(text -> given.put(key, Given.byDefault(key, text)));
    }
    Map<ConfigKey<?>, Given> environmentAndFlags = environmentAndFlags();
    Given file = environmentAndFlags.get(ConfigKeys.CONFIG);
    if (file != null) {
      // What is wrong in the file comes first, as it is what is read first.
      List<String> later = List.copyOf(problems);
      problems.clear();
      given.putAll(ConfigFile.read(file, problems));
      problems.addAll(later);
    }
    given.putAll(environmentAndFlags);
  }

  private Map<ConfigKey<?>, Given> environmentAndFlags() {
    Map<ConfigKey<?>, Given> found = new HashMap<>();
    for (ConfigKey<?> key : ConfigKeys.ALL) {
      String variable = environment.getOrDefault(key.environmentName(), "");
      if (!variable.isEmpty()) {
        add(found, key, Given.byEnvironment(key, variable));
      }
    }
    for (ConfigKey<?> key : ConfigKeys.ALL) {
      String flag = flags.get(key);
      if (flag != null) {
        add(found, key, Given.byFlag(key, flag));
      }
    }
    return found;
  }

  private void add(Map<ConfigKey<?>, Given> found, ConfigKey<?> key, Given value) {
    try {
      key.parse(value.text());
      found.put(key, value);
    } catch (IllegalArgumentException e) {
      problems.add("%s: %s".formatted(value.label(), e.getMessage()));
    }
  }

  private Config config() {
    ListenAddress listen = get(ConfigKeys.LISTEN);
    TlsSettings tls = tls();
    AuthSettings auth = auth(tls);
    boolean loopback = checkListen(listen, tls, auth);
    checkSizes();
    return new Config(
        listen,
        get(ConfigKeys.DATA),
        find(ConfigKeys.CATALOGUE).orElse(null),
        find(ConfigKeys.POLICY).orElse(null),
        new Config.Isolation(get(ConfigKeys.ISOLATION_ALLOW_SAME_USER)),
        tls,
        auth,
        new Config.Open(
            get(ConfigKeys.AUTH_OPEN_HEALTH),
            find(ConfigKeys.AUTH_OPEN_REFLECTION).orElse(auth.anonymous())),
        new Config.Journal(
            get(ConfigKeys.JOURNAL_SYNC),
            get(ConfigKeys.JOURNAL_SYNC_INTERVAL),
            bytes(ConfigKeys.JOURNAL_SEGMENT_BYTES),
            bytes(ConfigKeys.JOURNAL_MEMORY_BYTES)),
        new Config.Retention(
            get(ConfigKeys.RETENTION_BYTES),
            get(ConfigKeys.RETENTION_AGE),
            get(ConfigKeys.RETENTION_ENDED)),
        new Config.Session(
            get(ConfigKeys.SESSION_IDLE_TIMEOUT), get(ConfigKeys.SESSION_STOP_GRACE)),
        new Config.Turns(get(ConfigKeys.TURNS_KEEP)),
        new Config.Artifacts(roots()),
        new Config.Limits(
            bytes(ConfigKeys.LIMITS_MESSAGE_BYTES),
            bytes(ConfigKeys.LIMITS_INPUT_BYTES),
            get(ConfigKeys.LIMITS_SESSIONS),
            get(ConfigKeys.LIMITS_CLIENTS_PER_SESSION),
            get(ConfigKeys.LIMITS_QUEUE),
            find(ConfigKeys.LIMITS_CONNECTIONS).orElse(0),
            find(ConfigKeys.LIMITS_STREAMS).orElse(0),
            get(ConfigKeys.LIMITS_STREAMS_PER_CONNECTION)),
        new Config.Shutdown(
            get(ConfigKeys.SHUTDOWN_TURNS),
            get(ConfigKeys.SHUTDOWN_RETRY_AFTER),
            get(ConfigKeys.SHUTDOWN_GRACE)),
        get(ConfigKeys.CHANNELZ) && loopback,
        get(ConfigKeys.LOG_LEVEL),
        telemetry());
  }

  private Config.Telemetry telemetry() {
    Given collector = given.get(ConfigKeys.OTEL_ENDPOINT);
    ListenAddress admin = get(ConfigKeys.ADMIN_LISTEN).orElse(null);
    if (admin != null) {
      try {
        final var _ = admin.resolve();
      } catch (UnknownHostException e) {
        problem(ConfigKeys.ADMIN_LISTEN, "there is no host '%s'".formatted(admin.host()));
      }
    }
    AuditTarget audit = get(ConfigKeys.AUDIT_FILE);
    if (get(ConfigKeys.AUDIT_REQUIRED) && !(audit instanceof AuditTarget.File)) {
      problem(ConfigKeys.AUDIT_REQUIRED, "needs a file; name it with " + ConfigKeys.AUDIT_FILE);
    }
    return new Config.Telemetry(
        admin,
        get(ConfigKeys.LOG_FORMAT),
        collector == null ? null : ConfigKeys.OTEL_ENDPOINT.parse(collector.text()),
        audit,
        get(ConfigKeys.AUDIT_REQUIRED));
  }

  private List<Path> roots() {
    return find(ConfigKeys.ARTIFACTS_ROOTS).orElse(List.of());
  }

  private @Nullable TlsSettings tls() {
    Optional<Path> certificate = find(ConfigKeys.TLS_CERT);
    Optional<Path> key = find(ConfigKeys.TLS_KEY);
    needs(ConfigKeys.TLS_CERT, ConfigKeys.TLS_KEY);
    needs(ConfigKeys.TLS_KEY, ConfigKeys.TLS_CERT);
    needs(ConfigKeys.TLS_CLIENT_CA, ConfigKeys.TLS_CERT);
    Optional<Path> clients = find(ConfigKeys.TLS_CLIENT_CA);
    if (get(ConfigKeys.TLS_CLIENT_AUTH) == ClientAuth.REQUIRED && clients.isEmpty()) {
      problem(ConfigKeys.TLS_CLIENT_AUTH, "required needs " + ConfigKeys.TLS_CLIENT_CA);
    }
    return certificate.isEmpty() || key.isEmpty()
        ? null
        : new TlsSettings(
            certificate.get(),
            key.get(),
            clients.orElse(null),
            get(ConfigKeys.TLS_CLIENT_AUTH),
            get(ConfigKeys.TLS_CLIENT_ROLE).orElse(null));
  }

  private AuthSettings auth(@Nullable TlsSettings tls) {
    needs(ConfigKeys.AUTH_JWT_KEYS, ConfigKeys.AUTH_JWT_ISSUER);
    needs(ConfigKeys.AUTH_JWT_KEYS, ConfigKeys.AUTH_JWT_AUDIENCE);
    AuthSettings auth =
        new AuthSettings(
            find(ConfigKeys.AUTH_TOKENS).orElse(null),
            find(ConfigKeys.AUTH_JWT_KEYS).orElse(null),
            new JwtRules(
                find(ConfigKeys.AUTH_JWT_ISSUER).orElse(""),
                find(ConfigKeys.AUTH_JWT_AUDIENCE).orElse(""),
                get(ConfigKeys.AUTH_JWT_TENANT),
                get(ConfigKeys.AUTH_JWT_SUBJECT),
                get(ConfigKeys.AUTH_JWT_ROLE)),
            find(ConfigKeys.AUTH_TICKET_KEYS).orElse(null),
            false);
    return auth.withAnonymous(find(ConfigKeys.AUTH_ANONYMOUS).orElse(!identifies(tls, auth)));
  }

  private static boolean identifies(@Nullable TlsSettings tls, AuthSettings auth) {
    return auth.identifies() || (tls != null && tls.identifies());
  }

  /** A mistake if the first is set, and the second is not. */
  private void needs(ConfigKey<?> key, ConfigKey<?> other) {
    if (given.containsKey(key) && !given.containsKey(other)) {
      problem(key, "needs " + other);
    }
  }

  /** Whether only this machine reaches the address; that it may be another is checked here. */
  private boolean checkListen(ListenAddress listen, @Nullable TlsSettings tls, AuthSettings auth) {
    try {
      boolean loopback = listen.resolve().getAddress().isLoopbackAddress();
      boolean safe = tls != null && !auth.anonymous();
      if (!loopback && !safe && !get(ConfigKeys.ALLOW_INSECURE_LISTEN)) {
        problem(
            ConfigKeys.LISTEN,
            "other machines reach %s, and %s; listen on 127.0.0.1, or say %s if that is what you want"
                .formatted(listen, danger(tls, auth), ConfigKeys.ALLOW_INSECURE_LISTEN.flag()));
      }
      return loopback;
    } catch (UnknownHostException e) {
      problem(ConfigKeys.LISTEN, "there is no host '%s'".formatted(listen.host()));
      return false;
    }
  }

  private static String danger(@Nullable TlsSettings tls, AuthSettings auth) {
    if (!auth.anonymous()) {
      return "without TLS whoever reads along has the credentials; give %s and %s"
          .formatted(ConfigKeys.TLS_CERT, ConfigKeys.TLS_KEY);
    }
    if (identifies(tls, auth)) {
      return "with %s whoever reaches it can run programs here"
          .formatted(ConfigKeys.AUTH_ANONYMOUS);
    }
    return tls == null
        ? "without TLS and authentication whoever reaches it can run programs here"
        : "without authentication whoever reaches it can run programs here; give %s, %s or %s"
            .formatted(ConfigKeys.AUTH_TOKENS, ConfigKeys.AUTH_JWT_KEYS, ConfigKeys.TLS_CLIENT_CA);
  }

  private void checkSizes() {
    if (get(ConfigKeys.LIMITS_MESSAGE_BYTES)
        < get(ConfigKeys.LIMITS_INPUT_BYTES) + MESSAGE_OVERHEAD_BYTES) {
      problem(
          ConfigKeys.LIMITS_MESSAGE_BYTES,
          "must be at least 64KiB more than " + ConfigKeys.LIMITS_INPUT_BYTES);
    }
  }

  private void problem(ConfigKey<?> key, String message) {
    problems.add("%s: %s".formatted(Objects.requireNonNull(given.get(key)).label(), message));
  }

  /** The value of a key that has a default. */
  private <T> T get(ConfigKey<T> key) {
    return key.parse(Objects.requireNonNull(given.get(key), key.name()).text());
  }

  /** The value of a key that may have none. */
  private <T> Optional<T> find(ConfigKey<T> key) {
    return Optional.ofNullable(given.get(key)).map(value -> key.parse(value.text()));
  }

  /** A size whose bounds make it an int. */
  private int bytes(ConfigKey<Long> key) {
    return Math.toIntExact(get(key));
  }

  private List<String> warnings() {
    Map<String, ConfigKey<?>> names =
        ConfigKeys.ALL.stream()
            .collect(Collectors.toMap(ConfigKey::environmentName, Function.identity()));
    return environment.keySet().stream()
        .filter(name -> name.startsWith(PREFIX) && !names.containsKey(name))
        .filter(name -> !OF_OTHERS.contains(name))
        .sorted()
        .map(name -> warning(name, NearNames.of(name, names.keySet())))
        .toList();
  }

  private static String warning(String name, List<String> near) {
    return "environment %s: there is no such setting%s"
        .formatted(name, near.isEmpty() ? "" : "; did you mean " + near.getFirst() + "?");
  }
}
