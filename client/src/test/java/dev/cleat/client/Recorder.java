package dev.cleat.client;

import dev.cleat.v1.Event;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Writes down every callback, in order. */
class Recorder implements AttachListener {
  final List<String> calls = new CopyOnWriteArrayList<>();
  final List<Long> seqs = new CopyOnWriteArrayList<>();
  final List<CleatException> causes = new CopyOnWriteArrayList<>();
  final List<CleatException> errors = new CopyOnWriteArrayList<>();
  final List<AttachEnd> ends = new CopyOnWriteArrayList<>();
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  @Override
  public void onAttached(AttachInfo attached) {
    calls.add("attached");
  }

  @Override
  public void onScreen(ScreenPicture screen) {
    calls.add("screen " + screen.position().seq());
    bytes.writeBytes(screen.restore());
  }

  @Override
  public void onOutput(OutputChunk output) {
    calls.add("output " + output.seq());
    seqs.add(output.seq());
    bytes.writeBytes(output.bytes());
  }

  @Override
  public void onEvent(Event event) {
    calls.add("event " + event.getSeq());
    seqs.add(event.getSeq());
  }

  @Override
  public void onGap(Gap gap) {
    calls.add("gap " + gap.fromSeq() + "-" + gap.toSeq() + " " + gap.reason());
  }

  @Override
  public void onCaughtUp(long seq) {
    calls.add("caught up " + seq);
  }

  @Override
  public void onReconnecting(CleatException cause, int attempt, Duration delay) {
    calls.add("reconnecting " + attempt);
    causes.add(cause);
  }

  @Override
  public void onReconnected(AttachInfo attached) {
    calls.add("reconnected");
  }

  @Override
  public void onInputUncertain(InputUncertainException uncertain) {
    calls.add("uncertain");
  }

  @Override
  public void onEnded(AttachEnd end) {
    calls.add("ended " + end.reason());
    ends.add(end);
  }

  @Override
  public void onError(CleatException error) {
    calls.add("error " + error.code());
    errors.add(error);
  }

  /** The calls without those about connections. */
  List<String> journal() {
    List<String> journal = new ArrayList<>(calls);
    journal.removeIf(c -> c.startsWith("reconnect"));
    return journal;
  }

  String text() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /** Waits for the end of an attachment and returns how it came. */
  static AttachEnd end(Attachment attachment) throws Exception {
    return attachment.done().get(60, TimeUnit.SECONDS);
  }

  /** Waits for the failure of an attachment. */
  static CleatException failure(Attachment attachment)
      throws InterruptedException, TimeoutException {
    try {
      attachment.done().get(60, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof CleatException failure) {
        return failure;
      }
      throw new AssertionError(e);
    }
    throw new AssertionError("the attachment did not fail");
  }
}
