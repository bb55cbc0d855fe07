package dev.cleat.cli;

import com.google.protobuf.Timestamp;
import dev.cleat.client.Exit;
import dev.cleat.client.SessionInfo;
import dev.cleat.client.Turn;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Sessions and turns in words. */
final class Show {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);

  private Show() {}

  /** The state, and how the process ended when it has: {@code exited 3}. */
  static String state(SessionInfo session) {
    String state = word(session.state());
    return session.state() == SessionInfo.State.EXITED
        ? state + session.exit().map(exit -> " " + exit(exit)).orElse("")
        : state;
  }

  static String state(Turn turn) {
    return word(turn.state());
  }

  /** An exit code, or the name of the signal. */
  static String exit(Exit exit) {
    return exit.signal().orElseGet(() -> Integer.toString(exit.code().orElse(0)));
  }

  /** What it is known by: its name, or else its id. */
  static String name(SessionInfo session) {
    return session.name().isEmpty() ? session.id() : session.name();
  }

  static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /** What a tool does: {@code Bash: echo hi}; the title alone where it says the tool itself. */
  static String titled(@Nullable String tool, String title) {
    if (tool == null || tool.isEmpty() || title.startsWith(tool)) {
      return title;
    }
    return title.isBlank() ? tool : tool + ": " + title;
  }

  /**
   * Text that does nothing to a terminal and reads as it is: blanks in place of control characters,
   * those that turn the direction around among them.
   */
  static String plain(String text) {
    return harmless(text.strip());
  }

  /** As {@link #plain}, with the blanks around it. */
  static String harmless(String text) {
    return text.replaceAll("[\\p{Cc}\\u202a-\\u202e\\u2066-\\u2069&&[^\n\t]]", " ");
  }

  static String orDash(String text) {
    return text.isEmpty() ? "-" : text;
  }

  /** How long ago. */
  static String age(Instant time) {
    Duration age = Duration.between(time, Instant.now());
    return Durations.show(age.isNegative() ? Duration.ZERO : age);
  }

  /** In the local time zone. */
  static String time(Timestamp time) {
    Instant instant = Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
    return TIME.format(instant.atZone(ZoneId.systemDefault()));
  }

  /** The sessions as a table. */
  static void sessions(Streams streams, List<SessionInfo> sessions) {
    Table table = new Table("ID", "NAME", "TOOL", "STATE", "ACTIVITY", "CLIENTS", "OWNER", "AGE");
    for (SessionInfo session : sessions) {
      table.add(
          session.id(),
          orDash(session.name()),
          session.tool(),
          state(session),
          session.state().alive() ? word(session.activity()) : "-",
          Integer.toString(session.clients()),
          orDash(plain(session.owner())),
          age(session.created()));
    }
    table.print(streams);
  }

  /** Text on one line, of at most so many characters. */
  static String brief(String text, int length) {
    String line = text.strip().replaceAll("\\s+", " ");
    return line.codePointCount(0, line.length()) <= length
        ? line
        : line.substring(0, line.offsetByCodePoints(0, length - 1)) + "…";
  }
}
