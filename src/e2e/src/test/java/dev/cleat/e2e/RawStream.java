package dev.cleat.e2e;

import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What a stream of plain gRPC brought, without the library. Safe for use by any thread. */
final class RawStream<R> implements StreamObserver<R> {
  private final List<R> responses = new ArrayList<>();
  private final CompletableFuture<Status> end = new CompletableFuture<>();
  private volatile @Nullable Throwable failure;

  @Override
  public synchronized void onNext(R response) {
    responses.add(response);
  }

  @Override
  public void onError(Throwable error) {
    failure = error;
    end.complete(Status.fromThrowable(error));
  }

  @Override
  public void onCompleted() {
    end.complete(Status.OK);
  }

  synchronized List<R> responses() {
    return List.copyOf(responses);
  }

  /** Waits for the end. */
  Status.Code end() throws Exception {
    return Await.result(end).getCode();
  }

  /** The reason of the error that it ended with, or nothing. */
  String reason() {
    return reason(failure);
  }

  /** Waits for the end, and throws the error that it ended with. */
  void rethrow() throws Exception {
    var _ = end();
    if (failure instanceof StatusRuntimeException error) {
      throw error;
    }
  }

  /** The reason in the ErrorInfo of a failure, or nothing. */
  static String reason(@Nullable Throwable failure) {
    if (!(failure instanceof StatusRuntimeException status)) {
      return "";
    }
    com.google.rpc.Status details = StatusProto.fromThrowable(status);
    if (details == null) {
      return "";
    }
    return details.getDetailsList().stream()
        .filter(any -> any.is(ErrorInfo.class))
        .map(any -> {
          try {
            return any.unpack(ErrorInfo.class).getReason();
          } catch (com.google.protobuf.InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
          }
        })
        .findFirst()
        .orElse("");
  }
}
