package dev.cleat.server.telemetry;

import com.google.protobuf.Message;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One line of the audit log: who did what, from where, and what came of it. Never what was typed,
 * prompted or printed. Immutable: each method returns a copy with more.
 */
public final class AuditRecord {
  private final Map<String, Object> fields;

  private AuditRecord(Map<String, Object> fields) {
    this.fields = fields;
  }

  /**
   * A record of a call.
   *
   * @param method {@code Service/Method}
   * @param peer where it comes from
   */
  public static AuditRecord of(String method, @Nullable SocketAddress peer) {
    final AuditRecord record = new AuditRecord(Map.of()).with("method", method);
    return peer == null ? record : record.with("peer", text(peer));
  }

  /** In place of so many records of calls of nobody who is known. */
  static AuditRecord leftOut(long many) {
    return new AuditRecord(Map.of()).with("left_out", many);
  }

  private static String text(SocketAddress peer) {
    return peer instanceof InetSocketAddress address && address.getAddress() != null
        ? address.getAddress().getHostAddress() + ":" + address.getPort()
        : peer.toString();
  }

  private AuditRecord with(String name, Object value) {
    final Map<String, Object> more = new LinkedHashMap<>(fields);
    more.put(name, value);
    return new AuditRecord(more);
  }

  /** Made by this caller. */
  public AuditRecord by(String tenant, String subject) {
    return with("tenant", tenant).with("subject", subject);
  }

  /** On this session. */
  public AuditRecord on(String sessionId) {
    return sessionId.isEmpty() ? this : with("session", sessionId);
  }

  /** On these sessions, if it is on several. */
  public AuditRecord on(List<String> sessionIds) {
    return sessionIds.isEmpty() ? this : with("sessions", List.copyOf(sessionIds));
  }

  /** It asked for this, of which the record has sizes in place of contents. */
  public AuditRecord asking(Message request) {
    return with("request", RequestFacts.of(request));
  }

  /** It has typed so much. */
  public AuditRecord typed(long bytes) {
    return with("input_bytes", bytes);
  }

  /** It begins. */
  public AuditRecord begun() {
    return with("phase", "begun");
  }

  /**
   * It has ended.
   *
   * @param code the status code
   * @param reason why it was refused; empty when it was not, or for no reason that has a name
   */
  public AuditRecord ended(String code, String reason) {
    final AuditRecord ended = with("phase", "ended").with("code", code);
    return reason.isEmpty() ? ended : ended.with("reason", reason);
  }

  /** Everything, with the time first. */
  Map<String, Object> at(Instant time) {
    final Map<String, Object> all = new LinkedHashMap<>();
    all.put("time", time.toString());
    all.putAll(fields);
    return all;
  }
}
