package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.FieldMask;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.ErrorReason;
import dev.cleat.v1.Event;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.ReadEventsResponse;
import dev.cleat.v1.Session;
import dev.cleat.v1.UpdateRequest;
import io.grpc.Status;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reading a journal page by page. */
class EventPagesTest {
  private static final String NAME = "pages";

  @TempDir Path data;
  private TestServer server;

  @BeforeEach
  void start() throws Exception {
    server = TestServer.start(data);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Session create() {
    return server.sessions().create(CatSessions.request().setName(NAME).build()).getSession();
  }

  /** One that has so many events more than it begins with. */
  private Session create(int updates) {
    final Session session = create();
    for (int i = 0; i < updates; i++) {
      final var _ =
          server
              .sessions()
              .update(
                  UpdateRequest.newBuilder()
                      .setSessionId(session.getId())
                      .setSession(Session.newBuilder().putLabels("number", String.valueOf(i)))
                      .setUpdateMask(FieldMask.newBuilder().addPaths("labels"))
                      .build());
    }
    return session;
  }

  private ReadEventsResponse page(String token) {
    return server
        .sessions()
        .readEvents(
            ReadEventsRequest.newBuilder()
                .setName(NAME)
                .setPageSize(3)
                .setPageToken(token)
                .build());
  }

  @Test
  void pagesHaveEveryEventOnce() {
    create(20);
    final List<Long> seen = new ArrayList<>();
    String token = "";
    do {
      final ReadEventsResponse page = page(token);
      page.getEventsList().stream().map(Event::getSeq).forEach(seen::add);
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    assertThat(seen)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, seen.size()).boxed().toList());
    assertThat(seen).hasSizeGreaterThan(20);
  }

  @Test
  void aTokenIsNotForALaterSessionOfTheSameName() {
    final Session first = create(20);
    String token = "";
    for (int i = 0; i < 6; i++) {
      token = page(token).getNextPageToken();
    }
    final String far = token;
    final String near = page("").getNextPageToken();
    final var _ =
        server
            .sessions()
            .delete(DeleteRequest.newBuilder().setSessionId(first.getId()).setForce(true).build());
    create();

    for (String ofFirst : List.of(far, near)) {
      Refused.by(() -> page(ofFirst))
          .with(Status.Code.INVALID_ARGUMENT, ErrorReason.ERROR_REASON_INVALID_PAGE_TOKEN);
    }
  }
}
