package dev.cleat.server.telemetry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where it is written down who changed what: JSON, one record a line. Records are on their way to
 * the disk when {@link #write} returns. Thread-safe.
 */
public final class AuditLog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AuditLog.class);
  private static final Logger RECORDS = LoggerFactory.getLogger("dev.cleat.audit");
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Whoever reaches the port can make as many calls as the network carries. */
  private static final int UNKNOWN_A_SECOND = 50;

  private final Counter records = new Counter("cleat_audit_records", "Audit records written.");
  private final Counter failures =
      new Counter("cleat_audit_failures", "Audit records that could not be written.");
  private final LongAdder written = records.of();
  private final LongAdder failed = failures.of();
  private final AtomicBoolean failing = new AtomicBoolean();
  private final @Nullable Sink sink;
  private final boolean required;
  private final InstantSource clock;
  private final Floodgate unknown =
      new Floodgate(
          UNKNOWN_A_SECOND,
          System::nanoTime,
          CompletableFuture.delayedExecutor(
              1, TimeUnit.SECONDS, task -> Thread.ofVirtual().name("cleat-audit").start(task)),
          many -> {
            final boolean _ = write(AuditRecord.leftOut(many));
          });

  /** Takes lines. */
  private interface Sink extends AutoCloseable {
    void line(byte[] json) throws IOException;

    @Override
    void close() throws IOException;
  }

  private AuditLog(@Nullable Sink sink, boolean required, InstantSource clock) {
    this.sink = sink;
    this.required = required;
    this.clock = clock;
  }

  /** Writes nothing. */
  public static AuditLog none() {
    return new AuditLog(null, false, InstantSource.system());
  }

  /** Writes into the server's log, under the name {@code dev.cleat.audit}. */
  public static AuditLog intoTheLog() {
    final Sink sink =
        new Sink() {
          @Override
          public void line(byte[] json) {
            RECORDS.info("{}", new String(json, StandardCharsets.UTF_8).strip());
          }

          @Override
          public void close() {}
        };
    return new AuditLog(sink, false, InstantSource.system());
  }

  /**
   * Writes into a file of its own.
   *
   * @param required whether calls whose record cannot be written are to be refused
   * @throws IOException when it cannot be opened
   */
  public static AuditLog file(Path path, boolean required) throws IOException {
    final AuditFile file = AuditFile.open(path);
    final Sink sink =
        new Sink() {
          @Override
          public void line(byte[] json) throws IOException {
            file.append(json);
          }

          @Override
          public void close() throws IOException {
            file.close();
          }
        };
    return new AuditLog(sink, required, InstantSource.system());
  }

  /** Whether there is anything to write to. */
  public boolean isOn() {
    return sink != null;
  }

  /** Whether calls whose record cannot be written are to be refused. */
  public boolean isRequired() {
    return required;
  }

  /** What it measures. */
  public List<Meter> meters() {
    return List.of(records, failures);
  }

  /**
   * Writes a record. That it cannot is said and counted.
   *
   * @return whether it has been written
   */
  public boolean write(AuditRecord record) {
    if (sink == null) {
      return true;
    }
    try {
      sink.line(json(record));
      written.increment();
      if (failing.compareAndSet(true, false)) {
        LOG.info("The audit log can be written again");
      }
      return true;
    } catch (IOException e) {
      failed.increment();
      if (failing.compareAndSet(false, true)) {
        LOG.error("The audit log cannot be written; what is missing in it is counted", e);
      }
      return false;
    }
  }

  /**
   * Writes a record of a call of nobody who is known, unless there are too many: then one says how
   * many were left out.
   */
  void writeOfUnknown(AuditRecord record) {
    if (sink != null && unknown.passes()) {
      final boolean _ = write(record);
    }
  }

  private byte[] json(AuditRecord record) throws JsonProcessingException {
    return (JSON.writeValueAsString(record.at(clock.instant())) + "\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    if (sink != null) {
      unknown.say();
      try {
        sink.close();
      } catch (IOException e) {
        LOG.warn("The audit log could not be closed", e);
      }
    }
  }
}
