package dev.cleat.client;

import com.google.protobuf.ByteString;
import dev.cleat.v1.Image;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.WhenBusy;
import java.time.Duration;
import java.util.UUID;

/** What a session's tool is asked to do, and how. Immutable: each method returns a changed copy. */
public final class Prompt {
  private static final Duration FOR_EVER = Duration.ofSeconds(Long.MAX_VALUE);

  private final SendPromptRequest request;
  private final Duration wait;
  private final int maxOutputBytes;
  private final boolean raw;

  private Prompt(SendPromptRequest request, Duration wait, int maxOutputBytes, boolean raw) {
    this.request = request;
    this.wait = wait;
    this.maxOutputBytes = maxOutputBytes;
    this.raw = raw;
  }

  /**
   * A prompt: for a shell, a command or several lines of them. Up to 1 MiB; no control characters
   * but newline and tab.
   */
  public static Prompt of(String text) {
    return new Prompt(
        SendPromptRequest.newBuilder().setPrompt(text).build(), FOR_EVER, 16 << 20, false);
  }

  /**
   * A picture that goes with the prompt, after those given before; for agents that take them. Up to
   * 10, 3 MiB together. The call fails with reason {@code NO_IMAGES} where the tool takes none.
   *
   * @param mimeType {@code image/png}, {@code image/jpeg}, {@code image/gif} or {@code image/webp}
   */
  public Prompt image(String mimeType, byte[] data) {
    Image image =
        Image.newBuilder().setMimeType(mimeType).setData(ByteString.copyFrom(data)).build();
    return with(request.toBuilder().addImages(image));
  }

  /** Fails with reason {@code BUSY} when a turn is under way, instead of waiting behind it. */
  public Prompt refuseWhenBusy() {
    return with(request.toBuilder().setWhenBusy(WhenBusy.WHEN_BUSY_REFUSE));
  }

  /** The server interrupts the turn this long after it was handed to the tool. */
  public Prompt timeout(Duration timeout) {
    return with(request.toBuilder().setTimeout(Times.of(timeout)));
  }

  /** How long this side waits for the end; the turn goes on. Without it, for ever. */
  public Prompt waitAtMost(Duration limit) {
    return new Prompt(request, limit, maxOutputBytes, raw);
  }

  /**
   * How much of the end of the output is kept, in bytes; 16 MiB by default. An agent's answer is
   * kept whole. 0 fetches neither.
   */
  public Prompt maxOutput(int bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("a limit is not negative: " + bytes);
    }
    return new Prompt(request, wait, bytes, raw);
  }

  /**
   * The output as it was printed, with escape sequences and carriage returns, instead of plain
   * text.
   */
  public Prompt rawOutput() {
    return new Prompt(request, wait, maxOutputBytes, true);
  }

  /**
   * Names this prompt, for retries beyond the library's own: for 24 hours a second one with the
   * same id finds the turn of the first.
   */
  public Prompt requestId(String requestId) {
    return with(request.toBuilder().setRequestId(requestId));
  }

  SendPromptRequest toRequest(String sessionId) {
    SendPromptRequest.Builder copy = request.toBuilder().setSessionId(sessionId);
    if (copy.getRequestId().isEmpty()) {
      copy.setRequestId(UUID.randomUUID().toString());
    }
    return copy.build();
  }

  Duration waitLimit() {
    return wait;
  }

  int maxOutputBytes() {
    return maxOutputBytes;
  }

  boolean raw() {
    return raw;
  }

  private Prompt with(SendPromptRequest.Builder changed) {
    return new Prompt(changed.build(), wait, maxOutputBytes, raw);
  }
}
