package dev.cleat.e2e;

import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What a stream of plain gRPC brought, without the library. Safe for use by any thread. */
final class RawStream<R> implements ClientResponseObserver<Object, R> {
  private final int most;
  private final List<R> responses = new ArrayList<>();
  private final CompletableFuture<Status> end = new CompletableFuture<>();
  private volatile @Nullable Throwable failure;
  private volatile @Nullable ClientCallStreamObserver<Object> requests;

  private RawStream(int most) {
    this.most = most;
  }

  RawStream() {
    this(Integer.MAX_VALUE);
  }

  /** One that takes so many, and no more until {@link #takeAll}. */
  static <R> RawStream<R> taking(int most) {
    return new RawStream<>(most);
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<Object> stream) {
    requests = stream;
    stream.disableAutoRequestWithInitial(most);
  }

  void takeAll() {
    Objects.requireNonNull(requests).request(Integer.MAX_VALUE);
  }

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
