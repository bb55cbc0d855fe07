package dev.cleat.cli;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Durations as people write them: {@code 200ms}, {@code 15s}, {@code 1h30m}, {@code 7d}. */
final class Durations implements ITypeConverter<Duration> {
  private static final Pattern PART = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,9})?)(ms|s|m|h|d)");
  private static final Map<String, Long> NANOS =
      Map.of(
          "ms", Duration.ofMillis(1).toNanos(),
          "s", Duration.ofSeconds(1).toNanos(),
          "m", Duration.ofMinutes(1).toNanos(),
          "h", Duration.ofHours(1).toNanos(),
          "d", Duration.ofDays(1).toNanos());

  /** Whether the text looks like a duration. */
  static boolean isOne(String text) {
    return text.equals("0") || text.matches("(" + PART.pattern() + ")+");
  }

  @Override
  public Duration convert(String text) {
    if (!isOne(text)) {
      throw new TypeConversionException(
          "expects a duration, such as 200ms, 15s, 1h30m or 7d, and not '%s'".formatted(text));
    }
    BigDecimal nanos = BigDecimal.ZERO;
    Matcher matcher = PART.matcher(text);
    while (matcher.find()) {
      BigDecimal unit = BigDecimal.valueOf(NANOS.getOrDefault(matcher.group(2), 0L));
      nanos = nanos.add(new BigDecimal(matcher.group(1)).multiply(unit));
    }
    try {
      return Duration.ofNanos(nanos.toBigInteger().longValueExact());
    } catch (ArithmeticException e) {
      throw new TypeConversionException("is too long: '%s'".formatted(text));
    }
  }

  /** A duration for people: its one or two largest units. */
  static String show(Duration duration) {
    long seconds = duration.toSeconds();
    if (seconds < 1) {
      return duration.toMillis() + "ms";
    }
    if (seconds < 60) {
      long tenths = duration.toMillisPart() / 100;
      return seconds < 10 && tenths > 0 ? seconds + "." + tenths + "s" : seconds + "s";
    }
    if (seconds < 3_600) {
      return two(duration.toMinutes(), "m", duration.toSecondsPart(), "s");
    }
    return seconds < 86_400
        ? two(duration.toHours(), "h", duration.toMinutesPart(), "m")
        : two(duration.toDays(), "d", duration.toHoursPart(), "h");
  }

  private static String two(long large, String unit, int small, String smallUnit) {
    return large + unit + (small == 0 ? "" : small + smallUnit);
  }
}
