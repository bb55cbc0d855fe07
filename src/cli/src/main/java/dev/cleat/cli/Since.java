package dev.cleat.cli;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A moment: so long ago, or a date with or without a time and a zone; here without. */
final class Since implements ITypeConverter<Instant> {
  private static final DateTimeFormatter FORM =
      DateTimeFormatter.ofPattern("yyyy-MM-dd[['T'][ ]HH:mm[:ss][.SSS][XXX]]", Locale.ROOT);

  @Override
  public Instant convert(String text) {
    if (Durations.isOne(text)) {
      return Instant.now().minus(new Durations().convert(text));
    }
    try {
      TemporalAccessor time =
          FORM.parseBest(text, OffsetDateTime::from, LocalDateTime::from, LocalDate::from);
      return switch (time) {
        case OffsetDateTime zoned -> zoned.toInstant();
        case LocalDateTime local -> local.atZone(ZoneId.systemDefault()).toInstant();
        case LocalDate day -> day.atStartOfDay(ZoneId.systemDefault()).toInstant();
        default -> throw new DateTimeException("neither date nor time: " + text);
      };
    } catch (DateTimeException e) {
      throw new TypeConversionException(
          "expects a duration such as 5m, or a time such as 2026-01-31T08:00 or"
              + " 2026-01-31T08:00:00Z,"
              + " and not '%s'".formatted(text));
    }
  }
}
