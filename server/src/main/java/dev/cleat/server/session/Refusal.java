package dev.cleat.server.session;

import com.google.rpc.Code;
import dev.cleat.v1.ErrorReason;
import java.io.Serial;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A call that is refused, with everything the caller is told: the canonical code, the stable
 * reason, the fields, the variable parts and when to try again. The message is for the caller's
 * eyes: nothing of the server's inside stands in it. Built and thrown on one thread.
 */
public final class Refusal extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final Code code;
  private final ErrorReason reason;
  private final transient Map<String, String> metadata = new LinkedHashMap<>();
  private final transient List<Violation> violations = new ArrayList<>();
  private final transient List<Exceeded> exceeded = new ArrayList<>();
  private @Nullable Duration retryAfter;

  /**
   * A field that is not valid.
   *
   * @param field its path in the request, in the names of the contract
   * @param description what is wrong, and what would be right
   */
  public record Violation(String field, String description) {}

  /**
   * A limit that was reached.
   *
   * @param subject whose it is, as "tenant:NAME", "session:ID" or "server"
   * @param description what is limited, and to how much
   */
  public record Exceeded(String subject, String description) {}

  private Refusal(Code code, ErrorReason reason, String message) {
    // What happened is in the message; the way here is of no interest and costs a stack walk.
    super(message, null, false, false);
    this.code = code;
    this.reason = reason;
  }

  /** A refusal with a code and a reason; the rest is added by the methods below. */
  public static Refusal of(Code code, ErrorReason reason, String message) {
    return new Refusal(code, reason, message);
  }

  /** An INVALID_ARGUMENT about one field. */
  public static Refusal invalid(String field, String description) {
    return of(
            Code.INVALID_ARGUMENT,
            ErrorReason.ERROR_REASON_INVALID_REQUEST,
            field + ": " + description)
        .field(field, description);
  }

  /** There is no such tool. */
  public static Refusal unknownTool(String name, String message) {
    return of(Code.NOT_FOUND, ErrorReason.ERROR_REASON_UNKNOWN_TOOL, message)
        .field("tool", message)
        .with("tool", name);
  }

  /** No session has this id or name. */
  public static Refusal noSession(String key, String value) {
    return of(
            Code.NOT_FOUND,
            ErrorReason.ERROR_REASON_SESSION_NOT_FOUND,
            "no session with " + key.replace('_', ' ') + " \"" + value + "\"")
        .with(key, value);
  }

  /** The call does not fit the session's state. */
  static Refusal wrongState(String sessionId, String state, String why) {
    return of(Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_WRONG_STATE, why)
        .with("session_id", sessionId)
        .with("state", state);
  }

  /** The session has as many clients as it may have. */
  static Refusal tooManyClients(String sessionId, int limit) {
    final String what = "the session has " + limit + " clients, and may not have more";
    return of(Code.RESOURCE_EXHAUSTED, ErrorReason.ERROR_REASON_TOO_MANY_CLIENTS, what)
        .with("session_id", sessionId)
        .with("limit", limit)
        .quota("session:" + sessionId, what)
        .retryAfter(Duration.ofSeconds(5));
  }

  /** The session has no terminal. */
  static Refusal noScreen(String sessionId) {
    return of(
            Code.FAILED_PRECONDITION,
            ErrorReason.ERROR_REASON_NO_SCREEN,
            "the session has no terminal, and so no screen; its events say what it printed")
        .with("session_id", sessionId);
  }

  /** The tool takes no images. */
  static Refusal noImages(String sessionId, String tool) {
    final String what = "the tool takes no images";
    return of(Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_NO_IMAGES, what)
        .field("images", what)
        .with("session_id", sessionId)
        .with("tool", tool);
  }

  /** A screen that would take too much memory. */
  static Refusal screenTooLarge(String sessionId, int cells) {
    return of(
            Code.FAILED_PRECONDITION,
            ErrorReason.ERROR_REASON_NO_SCREEN,
            "the terminal is too large for its screen to be drawn: more than "
                + cells
                + " characters; resize it")
        .with("session_id", sessionId);
  }

  /** Nothing can be prompted in a session of this tool. */
  static Refusal noPrompts(String tool) {
    return of(
            Code.FAILED_PRECONDITION,
            ErrorReason.ERROR_REASON_NO_PROMPTS,
            "the tool takes no prompts; type into it with SendInput or Attach")
        .with("tool", tool);
  }

  /** The session has no such file, or it is gone. */
  static Refusal noArtifact(String sessionId, String artifactId) {
    return of(
            Code.NOT_FOUND,
            ErrorReason.ERROR_REASON_ARTIFACT_NOT_FOUND,
            "the session has no media file \"" + artifactId + "\", or it is gone")
        .with("session_id", sessionId)
        .with("artifact_id", artifactId);
  }

  /** A session has, or had, this id. */
  static Refusal idTaken(String id) {
    return of(
            Code.ALREADY_EXISTS,
            ErrorReason.ERROR_REASON_SESSION_ID_TAKEN,
            "a session has, or had, the id \"" + id + "\"; choose another")
        .field("session_id", "is taken")
        .with("session_id", id);
  }

  /** Another session has this name. */
  static Refusal nameTaken(String name, String other) {
    return of(
            Code.ALREADY_EXISTS,
            ErrorReason.ERROR_REASON_NAME_TAKEN,
            "another session has the name \"" + name + "\"; choose another or use get_or_create")
        .field("name", "is taken")
        .with("name", name)
        .with("session_id", other);
  }

  /** The operator's policy is against it. */
  static Refusal notAllowed(String field, String description) {
    return of(
            Code.FAILED_PRECONDITION,
            ErrorReason.ERROR_REASON_NOT_ALLOWED,
            "the policy of this server does not allow it: " + field + " " + description)
        .field(field, description)
        .with("field", field);
  }

  /** The disk is full; nothing was changed. */
  static Refusal storageFull() {
    return of(
            Code.RESOURCE_EXHAUSTED,
            ErrorReason.ERROR_REASON_STORAGE_FULL,
            "the server's disk is full; nothing was changed; try again when there is room")
        .retryAfter(Duration.ofSeconds(5));
  }

  /** Storage fails in another way; the server's log says how. */
  static Refusal storageUnavailable() {
    return of(
            Code.UNAVAILABLE,
            ErrorReason.ERROR_REASON_STORAGE_UNAVAILABLE,
            "the server's storage cannot be read or written just now")
        .retryAfter(Duration.ofSeconds(5));
  }

  /** Adds a variable part. */
  public Refusal with(String key, Object value) {
    metadata.put(key, String.valueOf(value));
    return this;
  }

  /** Takes a variable part out. */
  public Refusal without(String key) {
    metadata.remove(key);
    return this;
  }

  /** Adds a field that is not valid. */
  public Refusal field(String field, String description) {
    violations.add(new Violation(field, description));
    return this;
  }

  /** Adds a limit that was reached. */
  public Refusal quota(String subject, String description) {
    exceeded.add(new Exceeded(subject, description));
    return this;
  }

  /** Says when it is worth to try again. */
  public Refusal retryAfter(Duration delay) {
    retryAfter = delay;
    return this;
  }

  /** The canonical code. */
  public Code code() {
    return code;
  }

  /** The stable reason. */
  public ErrorReason reason() {
    return reason;
  }

  /** The variable parts. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** The fields. */
  public List<Violation> violations() {
    return violations;
  }

  /** The limits that were reached. */
  public List<Exceeded> exceeded() {
    return exceeded;
  }

  /** When it is worth to try again, or null. */
  public @Nullable Duration retryAfter() {
    return retryAfter;
  }

  /** The message, which is never null here. */
  @Override
  public String getMessage() {
    final String message = super.getMessage();
    return message == null ? "" : message;
  }
}
