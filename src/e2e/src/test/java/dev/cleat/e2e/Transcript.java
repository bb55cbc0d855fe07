package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.AttachEnd;
import dev.cleat.client.AttachListener;
import dev.cleat.client.Attachment;
import dev.cleat.client.CleatException;
import dev.cleat.client.Gap;
import dev.cleat.client.InputUncertainException;
import dev.cleat.client.OutputChunk;
import dev.cleat.v1.Event;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What a client saw of a session, checked while it comes: numbers go on by one, offsets by the
 * bytes before. Of output it keeps a digest, and a fingerprint of every event; of the rest the
 * events.
 *
 * <p>Safe for use by any thread.
 */
final class Transcript implements AttachListener {
  private final CRC32C crc = new CRC32C();
  private final @Nullable MessageDigest digest;
  private final List<String> faults = new ArrayList<>();
  private final List<Gap> gaps = new ArrayList<>();
  private final List<Event> events = new ArrayList<>();
  private final List<String> errors = new ArrayList<>();
  private final @Nullable ByteArrayOutputStream kept;
  private final boolean comparable;
  private long[] fingerprints = new long[1024];
  private long first;
  private long last;
  private long offset = -1;
  private long bytes;
  private int reconnects;
  private boolean caughtUp;

  private Transcript(@Nullable ByteArrayOutputStream kept, boolean comparable) {
    this.kept = kept;
    this.comparable = comparable;
    this.digest = comparable ? sha256() : null;
  }

  /**
   * One for gigabytes: it has no digest, only a checksum, and keeps no fingerprints, so that it
   * cannot be compared with another event by event.
   */
  static Transcript light() {
    return new Transcript(null, false);
  }

  /** One that does not keep the output. */
  static Transcript digesting() {
    return new Transcript(null, true);
  }

  /** One that keeps the output, too. */
  static Transcript keeping() {
    return new Transcript(new ByteArrayOutputStream(), true);
  }

  @Override
  public synchronized void onOutput(OutputChunk output) {
    byte[] data = output.bytes();
    if (offset >= 0 && offset != output.offset()) {
      faults.add("event %d is at %d, not %d".formatted(output.seq(), output.offset(), offset));
    }
    offset = output.offset() + data.length;
    bytes += data.length;
    crc.update(data);
    if (digest != null) {
      digest.update(data);
    }
    if (kept != null) {
      kept.writeBytes(data);
    }
    number(output.event());
  }

  @Override
  public synchronized void onEvent(Event event) {
    events.add(event);
    number(event);
  }

  private void number(Event event) {
    if (first == 0) {
      first = event.getSeq();
    } else if (event.getSeq() != last + 1) {
      faults.add("event %d follows %d".formatted(event.getSeq(), last));
    }
    last = event.getSeq();
    if (comparable) {
      int index = Math.toIntExact(last - first);
      makeRoom(index);
      fingerprints[index] = fingerprint(event);
    }
  }

  /** Fingerprints of what is in a gap stay zero. */
  private void makeRoom(int index) {
    if (index >= fingerprints.length) {
      fingerprints = Arrays.copyOf(fingerprints, index * 2);
    }
  }

  private static long fingerprint(Event event) {
    byte[] serialised = event.toByteArray();
    CRC32C crc = new CRC32C();
    crc.update(serialised);
    return crc.getValue() << 32 | serialised.length;
  }

  @Override
  public synchronized void onGap(Gap gap) {
    gaps.add(gap);
    if (first == 0) {
      first = gap.fromSeq();
    } else if (gap.fromSeq() != last + 1) {
      faults.add("gap %s follows %d".formatted(gap, last));
    }
    last = gap.reason() == Gap.Reason.EPOCH_ENDED ? gap.fromSeq() - 1 : gap.toSeq();
    offset = -1;
    if (comparable) {
      makeRoom(Math.toIntExact(last - first));
    }
  }

  @Override
  public synchronized void onCaughtUp(long seq) {
    caughtUp = true;
  }

  @Override
  public synchronized void onReconnecting(
      CleatException cause, int attempt, java.time.Duration delay) {
    reconnects++;
  }

  @Override
  public synchronized void onInputUncertain(InputUncertainException uncertain) {
    errors.add(uncertain.toString());
  }

  @Override
  public synchronized void onError(CleatException error) {
    errors.add(error.code() + " " + error.reason() + " " + error.getMessage());
  }

  /** The number of the last event. */
  synchronized long last() {
    return last;
  }

  /** How many bytes of output there were. */
  synchronized long bytes() {
    return bytes;
  }

  synchronized boolean caughtUp() {
    return caughtUp;
  }

  synchronized int reconnects() {
    return reconnects;
  }

  synchronized List<Gap> gaps() {
    return List.copyOf(gaps);
  }

  /** The events that are not output. */
  synchronized List<Event> events() {
    return List.copyOf(events);
  }

  /** Why it ended, if not in order. */
  synchronized List<String> errors() {
    return List.copyOf(errors);
  }

  /** The output as text. */
  synchronized String text() {
    return String.valueOf(kept == null ? "" : kept.toString(StandardCharsets.UTF_8));
  }

  /** The output. */
  synchronized byte[] output() {
    return kept == null ? new byte[0] : kept.toByteArray();
  }

  /** The digest of the output, once. Not of a light one. */
  synchronized String sha() {
    return HexFormat.of().formatHex(Objects.requireNonNull(digest).digest());
  }

  /** The checksum of the output, CRC-32C. */
  synchronized long crc() {
    return crc.getValue();
  }

  /** Every number came once and in order, without gaps, and nothing went wrong. */
  synchronized void assertWhole() {
    assertThat(faults).isEmpty();
    assertThat(gaps).isEmpty();
    assertThat(errors).isEmpty();
  }

  /** Every number came once and in order, or was in a gap. */
  synchronized void assertContiguous() {
    assertThat(faults).isEmpty();
  }

  /** All that another client saw is in this one, byte for byte, under the same numbers. */
  void assertContains(Transcript other) {
    other
        .prints()
        .forEach((seq, print) -> {
          assertThat(print(seq)).as("event %d", seq).isEqualTo(print);
        });
  }

  /** What both saw is the same, byte for byte, under the same numbers. */
  void assertAgreesWith(Transcript other) {
    other
        .prints()
        .forEach((seq, print) -> {
          if (print(seq) != 0) {
            assertThat(print(seq)).as("event %d", seq).isEqualTo(print);
          }
        });
  }

  private synchronized Map<Long, Long> prints() {
    Map<Long, Long> prints = new LinkedHashMap<>();
    for (long seq = first; first > 0 && seq <= last; seq++) {
      if (print(seq) != 0) {
        prints.put(seq, print(seq));
      }
    }
    return prints;
  }

  private synchronized long print(long seq) {
    return seq < first || seq > last ? 0 : fingerprints[Math.toIntExact(seq - first)];
  }

  /** Waits for the end of an attachment. */
  static AttachEnd end(Attachment attachment) throws Exception {
    return Await.result(attachment.done());
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
