package dev.cleat.server.rpc;

import com.google.protobuf.ByteString;
import com.google.rpc.Code;
import dev.cleat.server.session.Artifacts;
import dev.cleat.server.session.Refusal;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.GetArtifactRequest;
import dev.cleat.v1.GetArtifactResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.concurrent.TimeUnit;

/** One GetArtifact: a file on its way to a client, at the client's pace. */
final class ArtifactCall {
  private static final int PIECE_BYTES = 64 << 10;
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Reach reach;
  private final GetArtifactRequest request;
  private final Draining draining;
  private final Outlet<GetArtifactResponse> outlet;

  ArtifactCall(
      Reach reach,
      GetArtifactRequest request,
      Draining draining,
      SendRoom room,
      ServerCallStreamObserver<GetArtifactResponse> observer) {
    this.reach = reach;
    this.request = request;
    this.draining = draining;
    this.outlet = new Outlet<>(observer, draining, room);
  }

  void start() {
    outlet.start("cleat-artifact", this::pump);
  }

  private void pump() throws IOException {
    final Artifacts.Opened opened = ArtifactRpc.open(reach, request);
    try (SeekableByteChannel channel = opened.channel()) {
      outlet.send(GetArtifactResponse.newBuilder().setArtifact(opened.artifact()).build());
      final ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES);
      long left = opened.artifact().getSizeBytes();
      while (left > 0 && !outlet.isCancelled()) {
        draining.refuse();
        if (outlet.isReady()) {
          // No more than was said at first, also where the file has grown since.
          piece.clear().limit((int) Math.min(left, PIECE_BYTES));
          final int count = channel.read(piece);
          if (count < 0) {
            throw shrunk(opened);
          }
          left -= count;
          outlet.send(
              GetArtifactResponse.newBuilder()
                  .setData(ByteString.copyFrom(piece.array(), 0, count))
                  .build());
        } else {
          outlet.await(LOOK_NANOS);
        }
      }
      outlet.complete();
    }
  }

  private static Refusal shrunk(Artifacts.Opened opened) {
    return Refusal.of(
            Code.ABORTED,
            ErrorReason.ERROR_REASON_ARTIFACT_CHANGED,
            "the file became shorter while it was read; try again")
        .with("session_id", opened.artifact().getSessionId())
        .with("artifact_id", opened.artifact().getId());
  }
}
