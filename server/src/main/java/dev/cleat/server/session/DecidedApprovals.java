package dev.cleat.server.session;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Code;
import dev.cleat.server.journal.Batch;
import dev.cleat.server.journal.Cursor;
import dev.cleat.server.journal.Journal;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Event;
import java.io.IOException;
import java.util.Optional;

/**
 * What became of questions that do not wait any more, from the journal: a question's id is the
 * number of the event that asked it.
 */
final class DecidedApprovals {
  private static final int BATCH_BYTES = 256 << 10;

  private DecidedApprovals() {}

  /** Why a question cannot be answered: it has been, or there never was one. */
  static Refusal refusal(String sessionId, Journal journal, String approvalId) {
    try {
      // What was decided a moment ago may not be visible yet.
      journal.awaitVisible(journal.nextSeq() - 1);
      return find(journal, approvalId)
          .map(Approvals::resolved)
          .orElseGet(() -> Approvals.unknown(sessionId, approvalId));
    } catch (IOException e) {
      return Refusal.storageUnavailable();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Refusal.of(
          Code.CANCELLED, ErrorReason.ERROR_REASON_UNSPECIFIED, "the call was cancelled");
    }
  }

  private static Optional<Approval> find(Journal journal, String approvalId) throws IOException {
    final long seq = approvalId.matches("[1-9]\\d{0,17}") ? Long.parseLong(approvalId) : 0;
    if (seq < journal.oldest() || seq > journal.head()) {
      return Optional.empty();
    }
    final Approval[] found = new Approval[1];
    try (Cursor cursor = journal.cursorFrom(seq)) {
      boolean asked = false;
      while (found[0] == null && cursor.poll(BATCH_BYTES) instanceof Batch batch) {
        if (!asked && !asks(batch)) {
          return Optional.empty();
        }
        asked = true;
        batch.<InvalidProtocolBufferException>forEach((number, array, offset, length) -> {
          final Event event = Event.parser().parseFrom(array, offset, length);
          if (event.hasApprovalResolved()
              && event.getApprovalResolved().getApproval().getId().equals(approvalId)) {
            found[0] = event.getApprovalResolved().getApproval();
          }
        });
      }
    }
    return Optional.ofNullable(found[0]);
  }

  /** Whether the first event of a batch asks a question. */
  private static boolean asks(Batch batch) throws InvalidProtocolBufferException {
    final boolean[] asks = new boolean[1];
    batch.<InvalidProtocolBufferException>forEach((number, array, offset, length) -> {
      if (number == batch.firstSeq()) {
        asks[0] = Event.parser().parseFrom(array, offset, length).hasApprovalRequested();
      }
    });
    return asks[0];
  }
}
