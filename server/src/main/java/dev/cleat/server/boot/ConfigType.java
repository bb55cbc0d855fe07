package dev.cleat.server.boot;

import dev.cleat.server.auth.RoleWords;
import dev.cleat.v1.Role;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a setting's text may be, and means.
 *
 * @param placeholder what help shows for a value, such as {@code DURATION}
 * @param parser throws {@link IllegalArgumentException} with what is wrong, fit to follow the name
 *     of the setting and a colon
 * @param format the text of a value; parsing it gives the value again
 */
record ConfigType<T>(String placeholder, Function<String, T> parser, Function<T, String> format) {
  static final ConfigType<Boolean> SWITCH =
      new ConfigType<>("true|false", ConfigType::parseSwitch, Object::toString);

  static final ConfigType<Path> PATH =
      new ConfigType<>("PATH", ConfigType::parsePath, Path::toString);

  private static final String NO_ROLE = "none";

  /** Paths with colons between them; empty for none. */
  static final ConfigType<List<Path>> PATHS =
      new ConfigType<>(
          "PATH:PATH",
          text ->
              text.isEmpty()
                  ? List.of()
                  : Arrays.stream(text.split(":", -1)).map(ConfigType::parsePath).toList(),
          paths -> paths.stream().map(Path::toString).collect(Collectors.joining(":")));

  /** As it is written. */
  static final ConfigType<String> TEXT =
      new ConfigType<>("TEXT", ConfigType::parseText, text -> text);

  /** A path, or the URL of something that only its owner can have put there. */
  static final ConfigType<String> PATH_OR_URL =
      new ConfigType<>("PATH|URL", ConfigType::parsePathOrUrl, text -> text);

  /** A role by its word; empty for {@code none}. */
  static final ConfigType<Optional<Role>> ROLE_OR_NONE =
      new ConfigType<>(
          "none|" + String.join("|", RoleWords.all()),
          ConfigType::parseRoleOrNone,
          role -> role.map(RoleWords::word).orElse(NO_ROLE));

  /** A path, or a word for somewhere else. */
  static final ConfigType<AuditTarget> AUDIT =
      new ConfigType<>("PATH|none|log", AuditTarget::parse, AuditTarget::text);

  /** An address, or none. */
  static final ConfigType<Optional<ListenAddress>> ADDRESS_OR_NONE =
      new ConfigType<>(
          "HOST:PORT|none",
          text -> text.equals("none") ? Optional.empty() : Optional.of(ListenAddress.parse(text)),
          address -> address.map(ListenAddress::toString).orElse("none"));

  static final ConfigType<URI> WEB_ADDRESS =
      new ConfigType<>("URL", ConfigType::parseWebAddress, URI::toString);

  static final ConfigType<ListenAddress> ADDRESS =
      new ConfigType<>("HOST:PORT", ListenAddress::parse, ListenAddress::toString);

  /** The largest first, in nanoseconds. */
  private static final List<Unit> DURATION_UNITS =
      List.of(
          new Unit("d", Duration.ofDays(1).toNanos()),
          new Unit("h", Duration.ofHours(1).toNanos()),
          new Unit("m", Duration.ofMinutes(1).toNanos()),
          new Unit("s", Duration.ofSeconds(1).toNanos()),
          new Unit("ms", Duration.ofMillis(1).toNanos()));

  /** The largest first, in bytes. */
  private static final List<Unit> SIZE_UNITS =
      List.of(
          new Unit("TiB", 1L << 40),
          new Unit("GiB", 1L << 30),
          new Unit("MiB", 1L << 20),
          new Unit("KiB", 1L << 10),
          new Unit("B", 1));

  private record Unit(String name, long amount) {
    static BigDecimal amount(List<Unit> units, String name) {
      return units.stream()
          .filter(unit -> unit.name.equals(name))
          .map(unit -> BigDecimal.valueOf(unit.amount))
          .findFirst()
          .orElseThrow();
    }

    /** In the largest unit that it is a multiple of; empty if there is none. */
    static Optional<String> format(List<Unit> units, long amount) {
      return units.stream()
          .filter(unit -> amount % unit.amount == 0)
          .findFirst()
          .map(unit -> amount / unit.amount + unit.name);
    }
  }

  private static final Pattern DURATION_PART =
      Pattern.compile("(\\d{1,9}(?:\\.\\d{1,9})?)(d|h|ms|m|s)");
  private static final Pattern SIZE = Pattern.compile("(\\d{1,18})(B|KiB|MiB|GiB|TiB)?");

  static ConfigType<Integer> integer(int min, int max) {
    return new ConfigType<>("NUMBER", text -> parseInteger(text, min, max), Object::toString);
  }

  /** A duration between these; {@code 0} is allowed too if it means something. */
  static ConfigType<Duration> duration(Duration min, Duration max, Zero zero) {
    return new ConfigType<>(
        "DURATION",
        text -> {
          Duration value = parseDuration(text);
          boolean fits = value.compareTo(min) >= 0 && value.compareTo(max) <= 0;
          if (!fits && !(value.isZero() && zero == Zero.MEANS_NONE)) {
            throw outside(text, format(min), format(max), zero);
          }
          return value;
        },
        ConfigType::format);
  }

  /** A number of bytes between these; {@code 0} is allowed too if it means something. */
  static ConfigType<Long> size(long min, long max, Zero zero) {
    return new ConfigType<>(
        "SIZE",
        text -> {
          long value = parseSize(text);
          boolean fits = value >= min && value <= max;
          if (!fits && !(value == 0 && zero == Zero.MEANS_NONE)) {
            throw outside(text, format(min), format(max), zero);
          }
          return value;
        },
        ConfigType::format);
  }

  /** One of the constants, in lower case. */
  static <E extends Enum<E>> ConfigType<E> word(Class<E> constants) {
    Map<String, E> words =
        Arrays.stream(constants.getEnumConstants())
            .collect(
                Collectors.toMap(
                    ConfigType::word, Function.identity(), (a, b) -> a, LinkedHashMap::new));
    return new ConfigType<>(
        String.join("|", words.keySet()),
        text -> {
          E value = words.get(text);
          if (value == null) {
            throw new IllegalArgumentException(
                "expects one of %s, and not '%s'"
                    .formatted(String.join(", ", words.keySet()), text));
          }
          return value;
        },
        ConfigType::word);
  }

  /** What zero is outside of a range. */
  enum Zero {
    /** As any other number. */
    IS_TOO_SMALL,
    /** A word for "no limit" or "never". */
    MEANS_NONE
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static boolean parseSwitch(String text) {
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw new IllegalArgumentException("expects true or false, and not '%s'".formatted(text));
    };
  }

  private static URI parseWebAddress(String text) {
    final String expected = "expects an address such as http://127.0.0.1:4318, and not '%s'";
    try {
      final URI address = new URI(text);
      final String scheme = String.valueOf(address.getScheme());
      if (!(scheme.equals("http") || scheme.equals("https"))
          || address.getHost() == null
          || address.getUserInfo() != null) {
        throw new IllegalArgumentException(expected.formatted(text));
      }
      return address;
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(expected.formatted(text), e);
    }
  }

  private static Path parsePath(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("expects a path, and is empty");
    }
    if (text.equals("~") || text.startsWith("~/")) {
      throw new IllegalArgumentException(
          "'~' is not expanded here: write the home folder out, and not '%s'".formatted(text));
    }
    return Path.of(text).toAbsolutePath().normalize();
  }

  private static String parseText(String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException("expects a text, and is empty");
    }
    return text;
  }

  private static String parsePathOrUrl(String text) {
    if (!isUrl(text)) {
      return parsePath(text).toString();
    }
    final URI url;
    try {
      url = new URI(text);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("is no URL: '%s'".formatted(text), e);
    }
    final boolean safe =
        "https".equals(url.getScheme())
            || ("http".equals(url.getScheme()) && isLoopback(url.getHost()));
    if (!safe || url.getHost() == null) {
      throw new IllegalArgumentException(
          "expects a path or an https URL, or an http one of this machine, and not '%s'"
              .formatted(text));
    }
    return text;
  }

  /** Whether the text of a {@link #PATH_OR_URL} is a URL. */
  static boolean isUrl(String text) {
    return text.contains("://");
  }

  private static boolean isLoopback(@Nullable String host) {
    return host != null && host.matches("localhost|127(?:\\.\\d{1,3}){3}|\\[::1]");
  }

  private static Optional<Role> parseRoleOrNone(String text) {
    if (text.equals(NO_ROLE)) {
      return Optional.empty();
    }
    return Optional.of(
        RoleWords.role(text)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "expects one of none, %s, and not '%s'"
                        .formatted(String.join(", ", RoleWords.all()), text))));
  }

  private static int parseInteger(String text, int min, int max) {
    if (!text.matches("-?\\d{1,18}")) {
      throw new IllegalArgumentException("expects a whole number, and not '%s'".formatted(text));
    }
    long value = Long.parseLong(text);
    if (value < min || value > max) {
      throw outside(text, Integer.toString(min), Integer.toString(max), Zero.IS_TOO_SMALL);
    }
    return (int) value;
  }

  private static IllegalArgumentException outside(String text, String min, String max, Zero zero) {
    return new IllegalArgumentException(
        "must be %s to %s%s, and not '%s'"
            .formatted(min, max, zero == Zero.MEANS_NONE ? ", or 0 for none" : "", text));
  }

  private static Duration parseDuration(String text) {
    if (text.equals("0")) {
      return Duration.ZERO;
    }
    Matcher matcher = DURATION_PART.matcher(text);
    BigDecimal nanos = BigDecimal.ZERO;
    int end = 0;
    while (matcher.find() && matcher.start() == end) {
      BigDecimal unit = Unit.amount(DURATION_UNITS, matcher.group(2));
      nanos = nanos.add(new BigDecimal(matcher.group(1)).multiply(unit));
      end = matcher.end();
    }
    if (end == 0 || end != text.length()) {
      throw new IllegalArgumentException(
          "expects a duration, such as 200ms, 15s, 1h30m or 7d, and not '%s'".formatted(text));
    }
    return Duration.ofNanos(exactly(nanos, text));
  }

  private static long parseSize(String text) {
    Matcher matcher = SIZE.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "expects a size in B, KiB, MiB, GiB or TiB, such as 256MiB, and not '%s'"
              .formatted(text));
    }
    String unit = matcher.group(2);
    BigDecimal number = new BigDecimal(matcher.group(1));
    return exactly(number.multiply(Unit.amount(SIZE_UNITS, unit == null ? "B" : unit)), text);
  }

  private static long exactly(BigDecimal number, String text) {
    try {
      return number.longValueExact();
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("is too large or too fine: '%s'".formatted(text), e);
    }
  }

  private static String format(Duration value) {
    if (value.isZero()) {
      return "0";
    }
    return Unit.format(DURATION_UNITS, value.toNanos())
        .orElseGet(() ->
            BigDecimal.valueOf(value.toNanos(), 6).stripTrailingZeros().toPlainString() + "ms");
  }

  private static String format(long bytes) {
    return bytes == 0 ? "0" : Unit.format(SIZE_UNITS, bytes).orElseThrow();
  }
}
