package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import dev.cleat.server.auth.Caller;
import dev.cleat.server.boot.JsonLog;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.Image;
import dev.cleat.v1.Role;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.Turn;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What lines of the log are about, where it is JSON: also those of threads that work for a session
 * without a call, and of threads that work for all of them.
 */
class LogLinesTest {
  private static final Caller ACME = new Caller("acme", "ann", Role.ROLE_OWNER, null);
  private static final String FIRST_TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String NEXT_TRACE = "1bf7651916cd43dd8448eb211c80319d";

  @TempDir Path folder;
  private final JsonLog log = new JsonLog();
  private TestServer server;
  private SessionServiceBlockingStub acme;

  @BeforeEach
  void start() throws Exception {
    final Path catalogue =
        Files.writeString(
            folder.resolve("tools.yaml"),
            """
            tools:
              looks:
                headless:
                  command: [sh, -c, 'until [ -e "$GO" ]; do sleep 0.05; done', sh, "{prompt}", ["{image}"]]
                  output: plain
            """);
    server =
        TestServer.start(
            folder.resolve("data"),
            Map.of("catalogue", catalogue.toString(), "otel.endpoint", "http://127.0.0.1:9"));
    acme = server.sessions(ACME);
  }

  @AfterEach
  void stop() {
    log.close();
    server.close();
  }

  private String create(CreateRequest.Builder request) {
    return new Prompter(acme).create(request.putEnv("HOME", folder.toString()));
  }

  private Turn send(String trace, SendPromptRequest.Builder request) {
    final Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER),
        "00-" + trace + "-b7ad6b7169203331-01");
    return acme.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
        .sendPrompt(request.build())
        .getTurn();
  }

  private static void assertAbout(JsonNode fields, String session) {
    assertThat(fields.path("tenant").asText()).isEqualTo("acme");
    assertThat(fields.path("session").asText()).isEqualTo(session);
  }

  private void remove(Path what) throws IOException {
    try (Stream<Path> all = Files.walk(what)) {
      all.sorted(Comparator.reverseOrder())
          .forEach(path -> {
            try {
              Files.delete(path);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }

  private Path journal(String session) {
    return folder
        .resolve("data")
        .resolve("journals")
        .resolve("journals")
        .resolve("acme_" + session);
  }

  /** It is begun by the thread of the turn before it, long after its call. */
  @Test
  void aLineAboutATurnHasTheTurnAndTheTraceThatItWasAskedForIn() throws Exception {
    final Path go = folder.resolve("go");
    final String session =
        create(CreateRequest.newBuilder().setTool("looks").putEnv("GO", go.toString()));
    final SendPromptRequest.Builder look =
        SendPromptRequest.newBuilder().setSessionId(session).setPrompt("look");
    send(FIRST_TRACE, look);
    final Turn next =
        send(
            NEXT_TRACE,
            look.addImages(
                Image.newBuilder()
                    .setMimeType("image/png")
                    .setData(ByteString.copyFrom(HexFormat.of().parseHex("89504e470d0a1a0a")))));
    final Path pictures = folder.resolve("data").resolve("pictures");
    Files.deleteIfExists(pictures);
    Files.createFile(pictures);
    Files.createFile(go);

    final JsonNode fields = log.awaitFields(next.getId(), "images could not be written");
    assertAbout(fields, session);
    assertThat(fields.path("turn").asText()).isEqualTo(next.getId());
    assertThat(fields.path("trace_id").asText()).isEqualTo(NEXT_TRACE);
    assertThat(fields.path("span_id").asText()).hasSize(16).isNotEqualTo("b7ad6b7169203331");
  }

  @Test
  void aLineOfAThreadThatLooksAtFilesIsAboutTheSessionItLooksFor() throws Exception {
    final Path work = Files.createDirectory(folder.resolve("work"));
    final String session =
        create(CreateRequest.newBuilder().setTool("bash").setWorkdir(work.toString()));
    new Prompter(acme).run(session, "git init -q . && echo no > .git/index");

    assertAbout(log.awaitFields(session, "git repository cannot be read"), session);
  }

  @Test
  void aLineOfTheSweeperIsAboutTheSessionItSweeps() {
    final String other = create(CreateRequest.newBuilder().setTool("sh"));
    final String session =
        create(
            CreateRequest.newBuilder()
                .setTool("sh")
                .setLifetime(Duration.newBuilder().setNanos(1_000_000)));

    assertAbout(log.awaitFields(session, "is stopped"), session);
    assertThat(log.with(other, "is stopped")).isEmpty();
  }

  @Test
  void aLineOfACallForManyIsAboutTheOneItIsAbout() throws Exception {
    final String first = create(CreateRequest.newBuilder().setTool("sh"));
    final String second = create(CreateRequest.newBuilder().setTool("sh"));
    for (String session : List.of(first, second)) {
      acme.stop(StopRequest.newBuilder().setSessionId(session).build());
      remove(journal(session));
    }
    acme.delete(
        DeleteRequest.newBuilder().setFilter(SessionFilter.newBuilder().setTool("sh")).build());

    for (String session : List.of(first, second)) {
      final JsonNode fields = log.awaitFields(session, "had no journal");
      assertAbout(fields, session);
      assertThat(fields.path("trace_id").asText()).hasSize(32);
    }
  }

  @Test
  void aLineOfACallThatNamesASessionHasItsId() throws Exception {
    final String session = create(CreateRequest.newBuilder().setTool("sh").setName("build"));
    acme.stop(StopRequest.newBuilder().setName("build").build());
    remove(journal(session));
    acme.delete(DeleteRequest.newBuilder().setName("build").build());

    assertAbout(log.awaitFields(session, "had no journal"), session);
  }

  @Test
  void aLineOfARecoveryIsAboutTheSessionThatIsReadBack() throws Exception {
    final String session = create(CreateRequest.newBuilder().setTool("sh"));
    server.close();
    try (Stream<Path> files = Files.list(folder.resolve("data"))) {
      for (Path file :
          files.filter(its -> String.valueOf(its.getFileName()).startsWith("state")).toList()) {
        Files.delete(file);
      }
    }
    server = TestServer.start(folder.resolve("data"));

    assertAbout(log.awaitFields(session, "is read back from its journal"), session);
  }
}
