package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.ListResponse;
import dev.cleat.v1.ListTurnsRequest;
import dev.cleat.v1.ListTurnsResponse;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionView;
import dev.cleat.v1.Turn;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Pages that are asked for with more than a message may have. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PagesTest {
  private static final int MEBIBYTE = 1 << 20;
  private static final int SOME_MORE = 64 << 10;

  private TestServer server;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    server = TestServer.start(data);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private void prompt(Session session, String prompt) {
    final var _ =
        server
            .sessions()
            .sendPrompt(
                SendPromptRequest.newBuilder()
                    .setSessionId(session.getId())
                    .setPrompt(prompt)
                    .build());
  }

  @Test
  void pagesOfTurnsEndAtAMebibyte() {
    final Session session =
        server.sessions().create(CreateRequest.newBuilder().setTool("bash").build()).getSession();
    prompt(session, "sleep 1000");
    prompt(session, "#".repeat(MEBIBYTE));
    prompt(session, "#".repeat(MEBIBYTE / 2));
    prompt(session, "#".repeat(MEBIBYTE / 3));

    final List<List<Long>> pages = new ArrayList<>();
    String token = "";
    do {
      final ListTurnsResponse page =
          server
              .sessions()
              .listTurns(
                  ListTurnsRequest.newBuilder()
                      .setSessionId(session.getId())
                      .setPageSize(1000)
                      .setPageToken(token)
                      .build());
      pages.add(page.getTurnsList().stream().map(Turn::getNumber).toList());
      assertThat(page.getSerializedSize()).isLessThan(MEBIBYTE + SOME_MORE);
      token = page.getNextPageToken();
    } while (!token.isEmpty());

    assertThat(pages).containsExactly(List.of(4L, 3L), List.of(2L), List.of(1L));
  }

  @Test
  void pagesOfSessionsEndAtAMebibyte() {
    final Struct metadata =
        Struct.newBuilder()
            .putFields("is", Value.newBuilder().setStringValue("x".repeat(60_000)).build())
            .build();
    final List<String> created = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      created.add(
          server
              .sessions()
              .create(
                  CreateRequest.newBuilder()
                      .setTool("sh")
                      .addArgs("-c")
                      .addArgs(":")
                      .putLabels("in", "pages")
                      .setMetadata(metadata)
                      .build())
              .getSession()
              .getId());
    }

    final List<String> listed = new ArrayList<>();
    int pages = 0;
    String token = "";
    do {
      final ListResponse page =
          server
              .sessions()
              .list(
                  ListRequest.newBuilder()
                      .setFilter(SessionFilter.newBuilder().putLabels("in", "pages"))
                      .setView(SessionView.SESSION_VIEW_FULL)
                      .setPageSize(1000)
                      .setPageToken(token)
                      .build());
      page.getSessionsList().forEach(session -> listed.add(session.getId()));
      assertThat(page.getSerializedSize()).isLessThan(MEBIBYTE + SOME_MORE);
      token = page.getNextPageToken();
      pages++;
    } while (!token.isEmpty());

    assertThat(listed).containsExactlyElementsOf(created);
    assertThat(pages).isEqualTo(2);
  }
}
