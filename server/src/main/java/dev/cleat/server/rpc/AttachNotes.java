package dev.cleat.server.rpc;

import dev.cleat.server.auth.CallerContext;
import dev.cleat.server.session.Session;
import dev.cleat.server.telemetry.AuditRecord;
import dev.cleat.v1.AttachOpen;
import dev.cleat.v1.Gap;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What is measured and written down of one Attach. For its pump, but for {@link #typed}, which is
 * for the thread that its input comes on.
 */
final class AttachNotes {
  private static final String METHOD = "SessionService/Attach";

  private final CallAudit audit;
  private final RpcMetrics metrics;
  private final long start = System.nanoTime();
  private final AtomicLong typed = new AtomicLong();
  private @Nullable AuditRecord record;
  private boolean arrived;

  AttachNotes(CallAudit audit, RpcMetrics metrics) {
    this.audit = audit;
    this.metrics = metrics;
  }

  /**
   * Does the work of the stream. That of a writer is written down with its end.
   *
   * @param cancelled whether the client has gone
   */
  void around(AttachOpen open, BooleanSupplier cancelled, Outlet.Pump work) throws Exception {
    if (open.getReadOnly()) {
      CallAudit.needsNone();
    } else {
      record = audit.begin(METHOD, open, open.getSessionId());
    }
    try {
      work.run();
      final AuditRecord its = record;
      if (its != null) {
        audit.ended(
            its.typed(typed.get()), cancelled.getAsBoolean() ? Status.CANCELLED : Status.OK);
      }
    } catch (Exception e) {
      metrics.refused(CallerContext.current().tenant(), e);
      final StatusRuntimeException status = Errors.status(e);
      final AuditRecord its = record;
      if (its != null) {
        audit.failed(its.typed(typed.get()), status);
      }
      throw status;
    }
  }

  /** It is attached, and behind by so much when somebody asks. */
  void attached(Session session, LongSupplier lag) {
    metrics.attached(lag);
    final AuditRecord opened = record;
    if (opened != null) {
      record = opened.on(session.id());
      audit.opened(record);
    }
  }

  void detached(LongSupplier lag) {
    metrics.detached(lag);
  }

  /** Its client has typed. */
  void typed(int bytes) {
    typed.addAndGet(bytes);
  }

  /** Something of what it asked for is on its way, or there is nothing. */
  void arrived() {
    if (!arrived) {
      arrived = true;
      metrics.firstEvent(System.nanoTime() - start);
    }
  }

  /** It is told of a gap. */
  void gap(Gap gap) {
    arrived();
    metrics.gap(gap.getReason());
  }
}
