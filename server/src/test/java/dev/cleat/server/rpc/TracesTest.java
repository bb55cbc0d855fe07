package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import com.google.protobuf.UnknownFieldSet;
import com.sun.net.httpserver.HttpServer;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Turn;
import dev.cleat.v1.WaitTurnRequest;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Traces, as a collector gets them. */
class TracesTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String PARENT = "b7ad6b7169203331";

  /** A span, with the numbers of its fields in OpenTelemetry's {@code trace.proto}. */
  private record Span(
      String trace, String id, String parent, String name, Map<String, String> attributes) {

    static Span of(UnknownFieldSet fields) {
      final Map<String, String> attributes = new HashMap<>();
      for (UnknownFieldSet attribute : messages(fields, 9)) {
        final UnknownFieldSet value = messages(attribute, 2).getFirst();
        attributes.put(
            text(attribute, 1),
            value.hasField(1)
                ? text(value, 1)
                : value.getField(3).getVarintList().getFirst().toString());
      }
      return new Span(hex(fields, 1), hex(fields, 2), hex(fields, 4), text(fields, 5), attributes);
    }

    private static List<UnknownFieldSet> messages(UnknownFieldSet in, int field) {
      return in.getField(field).getLengthDelimitedList().stream()
          .map(bytes -> {
            try {
              return UnknownFieldSet.parseFrom(bytes);
            } catch (com.google.protobuf.InvalidProtocolBufferException e) {
              throw new AssertionError(e);
            }
          })
          .toList();
    }

    private static String text(UnknownFieldSet in, int field) {
      return in.getField(field).getLengthDelimitedList().getFirst().toStringUtf8();
    }

    private static String hex(UnknownFieldSet in, int field) {
      return in.hasField(field)
          ? HexFormat.of()
              .formatHex(in.getField(field).getLengthDelimitedList().getFirst().toByteArray())
          : "";
    }
  }

  /** What is posted to {@code /v1/traces}. */
  private static final class Collector implements AutoCloseable {
    private final HttpServer server;
    private final List<Span> spans = new CopyOnWriteArrayList<>();

    Collector() throws Exception {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/v1/traces",
          exchange -> {
            final UnknownFieldSet request = UnknownFieldSet.parseFrom(exchange.getRequestBody());
            for (UnknownFieldSet resource : Span.messages(request, 1)) {
              for (UnknownFieldSet scope : Span.messages(resource, 2)) {
                Span.messages(scope, 2).forEach(span -> spans.add(Span.of(span)));
              }
            }
            exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
          });
      server.start();
    }

    String address() {
      return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    Span only(String name) {
      final List<Span> found = spans.stream().filter(span -> span.name().equals(name)).toList();
      assertThat(found).as("spans called %s among %s", name, spans).hasSize(1);
      return found.getFirst();
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }

  private static Turn turn(TestServer server, Path home, Metadata headers) {
    final String id =
        server
            .sessions()
            .create(
                CreateRequest.newBuilder().setTool("bash").putEnv("HOME", home.toString()).build())
            .getSession()
            .getId();
    final Turn turn =
        server
            .sessions()
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
            .sendPrompt(SendPromptRequest.newBuilder().setSessionId(id).setPrompt("false").build())
            .getTurn();
    return server
        .sessions()
        .waitTurn(
            WaitTurnRequest.newBuilder()
                .setSessionId(id)
                .setTurnId(turn.getId())
                .setTimeout(Duration.newBuilder().setSeconds(60))
                .build())
        .getTurn();
  }

  @Test
  void aTurnIsInTheTraceOfWhoeverAskedForIt(@TempDir Path folder) throws Exception {
    final Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER),
        "00-" + TRACE + "-" + PARENT + "-01");
    try (Collector collector = new Collector()) {
      final Turn turn;
      try (TestServer server =
          TestServer.start(folder.resolve("data"), Map.of("otel.endpoint", collector.address()))) {
        turn = turn(server, folder, headers);
        Refused.by(
            () -> server.sessions().get(GetRequest.newBuilder().setSessionId("nobody").build()));
      }
      // What there was has been sent when the server has closed.
      final Span call = collector.only("cleat.v1.SessionService/SendPrompt");
      assertThat(call.trace()).isEqualTo(TRACE);
      assertThat(call.parent()).isEqualTo(PARENT);
      assertThat(call.attributes())
          .containsEntry("rpc.system", "grpc")
          .containsEntry("rpc.service", "cleat.v1.SessionService")
          .containsEntry("rpc.method", "SendPrompt")
          .containsEntry("rpc.grpc.status_code", "0");
      final Span worked = collector.only("turn");
      assertThat(worked.trace()).isEqualTo(TRACE);
      assertThat(worked.parent()).isEqualTo(call.id());
      assertThat(worked.attributes())
          .containsEntry("cleat.turn", turn.getId())
          .containsEntry("cleat.session", turn.getSessionId())
          .containsEntry("cleat.tool", "bash")
          .containsEntry("cleat.turn.state", "failed")
          .containsKey("cleat.way");
      final Span other = collector.only("cleat.v1.SessionService/Get");
      assertThat(other.trace()).isNotEqualTo(TRACE).hasSize(32);
      assertThat(other.parent()).isEmpty();
      assertThat(other.attributes()).containsEntry("rpc.grpc.status_code", "5");
    }
  }

  @Test
  void aCollectorThatIsNotThereIsMissedByNobody(@TempDir Path folder) throws Exception {
    // Taken, so that nobody else comes to listen there.
    try (Socket nobody = new Socket()) {
      nobody.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      final String endpoint = "http://127.0.0.1:" + nobody.getLocalPort();
      try (TestServer server =
          TestServer.start(folder.resolve("data"), Map.of("otel.endpoint", endpoint))) {
        assertThat(turn(server, folder, new Metadata()).hasEndTime()).isTrue();
      }
    }
  }
}
