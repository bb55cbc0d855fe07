package dev.cleat.server.session;

import com.google.protobuf.CodedOutputStream;
import dev.cleat.server.journal.Entry;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.telemetry.LogFields;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionChange;
import dev.cleat.v1.SessionChangeKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The changes of all sessions of a tenant, in a journal like any other: whoever watches them
 * resumes like whoever watches a session. After a crash of the server a change may be told again;
 * each carries the whole session.
 *
 * <p>Thread-safe; its lock is taken with a session's lock held, and never the other way round.
 */
public final class ChangeLog {
  private static final Logger LOG = LoggerFactory.getLogger(ChangeLog.class);

  private final ReentrantLock lock = new ReentrantLock();
  private final Journal journal;
  private final String headName;
  private final InstantSource clock;
  private volatile long savedHead;
  private boolean failing; // guarded by lock

  private record ChangeEntry(SessionChange change) implements Entry {
    @Override
    public int sizeAt(long seq) {
      return change.getSerializedSize();
    }

    @Override
    public void encodeAt(long seq, ByteBuffer target) {
      try {
        final CodedOutputStream out = CodedOutputStream.newInstance(target);
        change.writeTo(out);
        out.flush();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * The changes in a journal.
   *
   * @param headName under which name the store has how far it had got
   */
  ChangeLog(Journal journal, String headName, InstantSource clock) {
    this.journal = journal;
    this.headName = headName;
    this.clock = clock;
  }

  /** The changes, for readers: each event is a serialised {@link SessionChange}. */
  public Journal journal() {
    return journal;
  }

  String headName() {
    return headName;
  }

  /** How far it had got when that was last saved. */
  long savedHead() {
    return savedHead;
  }

  void saved(long head) {
    savedHead = head;
  }

  /** Appends a change; false when there is no room for it now, and it must be told later. */
  boolean append(SessionChangeKind kind, Session session) {
    lock.lock();
    try {
      final SessionChange change =
          SessionChange.newBuilder()
              .setSeq(journal.nextSeq())
              .setTime(Times.timestamp(clock.instant()))
              .setKind(kind)
              .setSession(Views.brief(session))
              .setEpoch(journal.epoch())
              .build();
      journal.append(new ChangeEntry(change));
      failing = false;
      return true;
    } catch (IOException e) {
      if (!failing) {
        // It is tried again and again, for each session.
        final SessionKey key = SessionKey.of(session);
        try (LogFields.Scope _ = key.logged()) {
          LOG.warn("A change of session {} could not be written down yet", key, e);
        }
      }
      failing = true;
      return false;
    } finally {
      lock.unlock();
    }
  }
}
