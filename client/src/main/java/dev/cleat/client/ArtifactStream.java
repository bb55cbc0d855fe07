package dev.cleat.client;

import com.google.protobuf.ByteString;
import dev.cleat.v1.GetArtifactRequest;
import dev.cleat.v1.GetArtifactResponse;
import dev.cleat.v1.SessionServiceGrpc;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a media file, fetched at the reader's pace. It ends when all of them have come; if
 * the file became shorter meanwhile, the connection broke, or nothing came for 30 s, reading fails
 * with an {@link IOException} whose cause is a {@link CleatException}.
 *
 * <p>To be read by one thread; {@link #close} is for any.
 */
public final class ArtifactStream extends InputStream {
  private static final Duration SILENCE = Duration.ofSeconds(30);

  private final StreamCall<GetArtifactRequest, GetArtifactResponse> call;
  private final Artifact artifact;
  private final Pieces pieces = new Pieces();
  private boolean ended;

  private ArtifactStream(
      StreamCall<GetArtifactRequest, GetArtifactResponse> call, Artifact artifact) {
    this.call = call;
    this.artifact = artifact;
  }

  /** Waits for what the file is. */
  static ArtifactStream open(Rpc rpc, GetArtifactRequest request) {
    StreamCall<GetArtifactRequest, GetArtifactResponse> call =
        StreamCall.start(
            rpc.channel(),
            SessionServiceGrpc.getGetArtifactMethod(),
            request,
            true,
            message -> false,
            () -> {});
    boolean opened = false;
    try {
      GetArtifactResponse first = next(call);
      if (first == null || !first.hasArtifact()) {
        throw CleatException.violation("a file came without what it is");
      }
      opened = true;
      return new ArtifactStream(call, new Artifact(first.getArtifact()));
    } finally {
      if (!opened) {
        call.cancel("not opened");
      }
    }
  }

  /** What comes next; null at the end. */
  private static @Nullable GetArtifactResponse next(
      StreamCall<GetArtifactRequest, GetArtifactResponse> call) {
    StreamCall.Arrival<GetArtifactResponse> arrival;
    try {
      arrival = call.take(SILENCE.toNanos());
    } catch (InterruptedException e) {
      throw CleatException.interrupted(e);
    }
    GetArtifactResponse message = arrival.message();
    Status status = arrival.status();
    if (message != null) {
      call.fetchNext();
      return message;
    }
    if (status == null) {
      throw CleatException.of(
          Status.DEADLINE_EXCEEDED
              .withDescription("nothing came for " + SILENCE.toSeconds() + " s")
              .asRuntimeException());
    }
    if (!status.isOk()) {
      throw CleatException.of(status.asRuntimeException(arrival.trailers()));
    }
    return null;
  }

  /** What the file is; its size is how many bytes come. */
  public Artifact artifact() {
    return artifact;
  }

  @Override
  public int read() throws IOException {
    return pieces.read(this::nextPiece);
  }

  /** Waits for at least one byte. */
  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    return pieces.read(this::nextPiece, target, offset, length);
  }

  private boolean nextPiece() throws IOException {
    if (ended) {
      return false;
    }
    try {
      GetArtifactResponse next = next(call);
      ended = next == null;
      pieces.take(next == null ? ByteString.EMPTY : next.getData());
      return !ended;
    } catch (CleatException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  @Override
  public int available() {
    return pieces.available();
  }

  /** Stops fetching. */
  @Override
  public void close() {
    call.cancel("closed by the reader");
  }
}
