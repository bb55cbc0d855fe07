package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.RestartRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.SessionChangeKind;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.WatchRequest;
import dev.cleat.v1.WatchResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A session that several calls want gone, or running, at the same time. */
class DeletedMeanwhileTest {
  private static final int ROUNDS = 20;
  private static final int CALLERS = 6;

  private TestServer server;
  private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();

  @BeforeEach
  void start(@TempDir Path folder) throws Exception {
    server = TestServer.start(folder);
  }

  @AfterEach
  void stop() {
    callers.close();
    server.close();
  }

  private String created(String... args) {
    return server
        .sessions()
        .create(CreateRequest.newBuilder().setTool("sh").addAllArgs(List.of(args)).build())
        .getSession()
        .getId();
  }

  private Status.Code delete(String id) {
    return code(() ->
        server
            .sessions()
            .delete(DeleteRequest.newBuilder().setSessionId(id).setForce(true).build()));
  }

  private static Status.Code code(Runnable call) {
    try {
      call.run();
      return Status.Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }

  @Test
  void ofManyDeletionsEachFindsItGoneAndOneIsTold() throws Exception {
    final Iterator<WatchResponse> changes =
        server.sessions().watch(WatchRequest.newBuilder().setAfterSeq(0).build());
    for (int round = 0; round < ROUNDS; round++) {
      final String id = created("-c", "exec cat");
      final List<Future<Status.Code>> all = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        all.add(callers.submit(() -> delete(id)));
      }
      for (Future<Status.Code> one : all) {
        assertThat(one.get()).isIn(Status.Code.OK, Status.Code.NOT_FOUND);
      }
      assertThat(delete(id)).isEqualTo(Status.Code.NOT_FOUND);
    }
    final String last = created("-c", "exec cat");
    int deleted = 0;
    for (WatchResponse next = changes.next();
        !next.getChange().getSession().getId().equals(last);
        next = changes.next()) {
      deleted +=
          next.getChange().getKind() == SessionChangeKind.SESSION_CHANGE_KIND_DELETED ? 1 : 0;
    }
    assertThat(deleted).isEqualTo(ROUNDS);
  }

  /** What of it could not be saved any more would keep all else from being saved, for ever. */
  @Test
  void aPromptThatIsGivenWhileItsSessionIsDeletedKeepsNothingFromBeingSaved() throws Exception {
    for (int round = 0; round < 3 * ROUNDS; round++) {
      final String id = created();
      final List<Future<Status.Code>> prompts = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        final String request = "r" + round + "-" + i;
        prompts.add(
            callers.submit(() ->
                code(() ->
                    server
                        .sessions()
                        .sendPrompt(
                            SendPromptRequest.newBuilder()
                                .setSessionId(id)
                                .setPrompt("true")
                                .setRequestId(request)
                                .build()))));
      }
      assertThat(delete(id)).isEqualTo(Status.Code.OK);
      for (Future<Status.Code> one : prompts) {
        assertThat(one.get())
            .isIn(Status.Code.OK, Status.Code.NOT_FOUND, Status.Code.FAILED_PRECONDITION);
      }
      // It is answered from what has been saved.
      assertThat(server.sessions().list(ListRequest.getDefaultInstance()).getSessionsList())
          .isEmpty();
    }
  }

  @Test
  void whatHasBeenRestartedIsNotDeletedAsIfItWereOver() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      final String id = created("-c", "exec cat");
      final var _ = server.sessions().stop(StopRequest.newBuilder().setSessionId(id).build());
      final Future<Status.Code> restart =
          callers.submit(() ->
              code(() ->
                  server.sessions().restart(RestartRequest.newBuilder().setSessionId(id).build())));
      final Status.Code deletion =
          code(() -> server.sessions().delete(DeleteRequest.newBuilder().setSessionId(id).build()));
      if (restart.get() == Status.Code.OK) {
        assertThat(deletion).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(delete(id)).isEqualTo(Status.Code.OK);
      } else {
        assertThat(deletion).isEqualTo(Status.Code.OK);
      }
    }
  }

  @Test
  void whatIsRestartedWhileItIsDeletedDoesNotRunOn() throws Exception {
    final String mark = "deleted-" + System.nanoTime();
    for (int round = 0; round < ROUNDS; round++) {
      final String id = created("-c", "cat", mark);
      final List<Future<Status.Code>> restarts = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        restarts.add(
            callers.submit(() ->
                code(() ->
                    server
                        .sessions()
                        .restart(RestartRequest.newBuilder().setSessionId(id).build()))));
      }
      assertThat(delete(id)).isEqualTo(Status.Code.OK);
      for (Future<Status.Code> one : restarts) {
        assertThat(one.get())
            .isIn(
                Status.Code.OK,
                Status.Code.NOT_FOUND,
                Status.Code.ABORTED,
                Status.Code.FAILED_PRECONDITION);
      }
    }
    Awaitility.await("nothing runs")
        .atMost(Duration.ofSeconds(60))
        .until(() ->
            ProcessHandle.current()
                .descendants()
                .noneMatch(process -> process.info().commandLine().orElse("").contains(mark)));
  }
}
