package dev.cleat.server.rpc;

import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.rpc.Code;
import dev.cleat.server.session.Refusal;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.TerminalSize;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Collects what is wrong with a request, so that its caller hears of everything at once. For one
 * request, on one thread.
 */
final class Checks {
  /** What a session's id may look like. */
  private static final Pattern SESSION_ID = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

  private static final int MAX_SIZE = 4096;
  private static final int PROMPT_BYTES = 1 << 20;
  private static final long MAX_TOKENS = 1_000_000_000_000L;
  private static final long MAX_DURATION_SECONDS = 315_576_000_000L;

  private final List<Refusal.Violation> violations = new ArrayList<>();

  /** Something is wrong with a field. */
  Checks violation(String field, String description) {
    violations.add(new Refusal.Violation(field, description));
    return this;
  }

  Checks require(boolean holds, String field, String description) {
    return holds ? this : violation(field, description);
  }

  /**
   * Throws if anything was wrong.
   *
   * @throws Refusal INVALID_REQUEST
   */
  void done() {
    if (violations.isEmpty()) {
      return;
    }
    final Refusal refusal =
        Refusal.of(
            Code.INVALID_ARGUMENT,
            ErrorReason.ERROR_REASON_INVALID_REQUEST,
            violations.stream()
                .map(violation -> violation.field() + ": " + violation.description())
                .collect(Collectors.joining("; ")));
    violations.forEach(violation -> refusal.field(violation.field(), violation.description()));
    throw refusal;
  }

  /** Exactly one of id and name must be there. */
  Checks session(String id, String name) {
    if (id.isEmpty() == name.isEmpty()) {
      return violation("session_id", "give exactly one of session_id and name");
    }
    return id.isEmpty() ? this : sessionId("session_id", id);
  }

  Checks sessionId(String field, String id) {
    return require(
        id.isEmpty() || SESSION_ID.matcher(id).matches(),
        field,
        "must be 1 to 63 of a–z, 0–9 and \"-\", and start with a letter or digit");
  }

  /** A number of tokens that can be added up for as long as a session lives. */
  Checks tokens(String field, long count) {
    return require(count >= 0 && count <= MAX_TOKENS, field, "may be at most " + MAX_TOKENS);
  }

  /** What is handed to a tool. */
  Checks prompt(String field, String prompt) {
    return require(!prompt.isBlank(), field, "must not be empty")
        .require(
            prompt.getBytes(StandardCharsets.UTF_8).length <= PROMPT_BYTES,
            field,
            "may have at most " + PROMPT_BYTES + " bytes")
        .require(
            prompt.codePoints().noneMatch(Checks::unwelcome),
            field,
            "may have no control characters but newline and tab; SendInput types those");
  }

  private static boolean unwelcome(int c) {
    return c != '\n' && c != '\t' && Character.isISOControl(c);
  }

  Checks text(String field, String value, int longest) {
    require(
        value.codePointCount(0, value.length()) <= longest,
        field,
        "may have at most " + longest + " characters");
    return require(
        value.codePoints().noneMatch(Character::isISOControl),
        field,
        "may have no control characters");
  }

  Checks size(String field, TerminalSize size) {
    final int rows = size.getRows();
    final int columns = size.getColumns();
    require(rows >= 1 && rows <= MAX_SIZE, field + ".rows", "must be 1 to " + MAX_SIZE);
    return require(
        columns >= 1 && columns <= MAX_SIZE, field + ".columns", "must be 1 to " + MAX_SIZE);
  }

  /** A duration that is not negative. */
  Checks duration(String field, boolean set, Duration duration) {
    return require(
        !set
            || (duration.getSeconds() >= 0
                && duration.getNanos() >= 0
                && duration.getNanos() < 1_000_000_000
                && duration.getSeconds() <= MAX_DURATION_SECONDS),
        field,
        "must be a duration that is not negative");
  }

  Checks heartbeat(boolean set, Duration interval) {
    return require(
        !set || (interval.getSeconds() >= 1 && interval.getSeconds() <= 3600),
        "heartbeat_interval",
        "must be 1 s to 1 h");
  }

  Checks bytes(String field, Message message, int most) {
    return require(
        message.getSerializedSize() <= most, field, "may have at most " + most + " bytes");
  }

  Checks pageSize(int size) {
    return require(size >= 0, "page_size", "must not be negative");
  }
}
