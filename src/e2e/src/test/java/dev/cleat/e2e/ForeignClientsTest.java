package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.cleat.server.rpc.FakeAcpAgent;
import dev.cleat.testing.CuttingProxy;
import dev.cleat.testing.CuttingProxy.Cuts;
import dev.cleat.testing.CuttingProxy.Range;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients that nobody here wrote a stub for: one with the .proto files, one with reflection alone.
 * Both come from npm; {@code .ci/run} installs them.
 */
class ForeignClientsTest {
  private static final Path ROOT = Path.of(System.getProperty("cleat.root"));

  private static final int CUTS = 8;

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;

  @Test
  void nodeWithTheProtoFilesCreatesPromptsAttachesResumesAndDeletes() throws Exception {
    asTheContractSays("client.js", servers.start(folder.resolve("data")).target());
  }

  @Test
  void nodePromptsWatchesAndAnswersAnAgentOverConnectionsThatAreCut() throws Exception {
    Path catalogue = Files.writeString(folder.resolve("catalogue.yaml"), FakeAcpAgent.catalogue());
    ServerProcess server =
        servers.start(
            ServerCommand.on(folder.resolve("data")).flag("--catalogue", catalogue.toString()));
    Cuts cuts = new Cuts(new Range(1_000, 3_000), new Range(1 << 20, 1 << 20), CUTS);
    try (CuttingProxy proxy = new CuttingProxy(server.port(), cuts, 1)) {
      asTheContractSays("agent.js", server.target(), proxy.target());
      assertThat(proxy.cuts()).isEqualTo(CUTS);
    }
  }

  private static void asTheContractSays(String program, String... targets) throws Exception {
    Path clients = ROOT.resolve("src/e2e/node");
    assumeTrue(
        Files.isDirectory(clients.resolve("node_modules/@grpc/grpc-js")),
        "needs Node's @grpc/grpc-js: npm ci --prefix src/e2e/node");
    List<String> command = new ArrayList<>(List.of("node", clients.resolve(program).toString()));
    command.addAll(List.of(targets));
    command.add(ROOT.resolve("proto/src/main/proto").toString());
    try (ForeignProcess node = ForeignProcess.start(command.toArray(String[]::new))) {
      node.endInput();
      assertThat(node.awaitEnd()).as(node.errors()).isZero();
      assertThat(node.rest()).startsWith("all as the contract says");
    }
  }

  @Test
  void bufWithReflectionCreatesPromptsAttachesResumesAndDeletes() throws Exception {
    Buf buf = Buf.on(servers.start(folder.resolve("data")).target());

    JsonObject session =
        buf.call("Create", "{'tool': 'bash', 'name': 'from-buf'}").getAsJsonObject("session");
    String id = session.get("id").getAsString();
    JsonObject sent = buf.call("SendPrompt", "{'name': 'from-buf', 'prompt': 'seq 1 2000'}");
    String turnId = sent.getAsJsonObject("turn").get("id").getAsString();
    JsonObject turn =
        buf.call("WaitTurn", "{'session_id': '%s', 'turn_id': '%s'}".formatted(id, turnId))
            .getAsJsonObject("turn");
    assertThat(turn.get("state").getAsString()).isEqualTo("TURN_STATE_SUCCEEDED");

    List<JsonObject> events = new ArrayList<>();
    String epoch = watchSome(buf, id, events);
    watchTheRestAndType(buf, id, epoch, events);
    assertThat(events)
        .extracting(event -> event.get("seq").getAsLong())
        .containsExactlyElementsOf(LongStream.rangeClosed(1, events.size()).boxed().toList());
    assertThat(output(events)).contains("1\r\n2\r\n").contains("2000\r\n").contains("typed 42\r\n");

    buf.call("Delete", "{'session_id': '%s'}".formatted(id));
    JsonObject refusal = buf.refused("Get", "{'session_id': '%s'}".formatted(id));
    assertThat(refusal.get("code").getAsString()).isEqualTo("not_found");
    JsonObject detail = refusal.getAsJsonArray("details").get(0).getAsJsonObject();
    assertThat(detail.get("type").getAsString()).isEqualTo("google.rpc.ErrorInfo");
    assertThat(decoded(detail.get("value"))).contains("SESSION_NOT_FOUND");
  }

  /** Attaches, and is gone after the first event; returns the epoch. */
  private static String watchSome(Buf buf, String id, List<JsonObject> events) throws Exception {
    String epoch = "";
    try (ForeignProcess attach = buf.start("Attach")) {
      attach.say("{'open': {'session_id': '%s', 'read_only': true}}".formatted(id));
      while (events.isEmpty()) {
        JsonObject response = attach.nextJson();
        if (response.has("attached")) {
          epoch = response.getAsJsonObject("attached").get("epoch").getAsString();
        } else if (response.has("events")) {
          JsonArray batch = response.getAsJsonObject("events").getAsJsonArray("events");
          events.add(batch.get(0).getAsJsonObject());
        }
      }
    }
    return epoch;
  }

  /** Attaches behind the last event, types, and stays to the end. */
  private static void watchTheRestAndType(Buf buf, String id, String epoch, List<JsonObject> events)
      throws Exception {
    String after = events.getLast().get("seq").getAsString();
    String typed =
        Base64.getEncoder()
            .encodeToString("echo typed $((40 + 2)); exit 4\n".getBytes(StandardCharsets.UTF_8));
    try (ForeignProcess attach = buf.start("Attach")) {
      attach.say(
          "{'open': {'session_id': '%s', 'epoch': '%s', 'after_seq': '%s'}}"
              .formatted(id, epoch, after));
      attach.say("{'input': {'input_seq': '1', 'data': '%s'}}".formatted(typed));
      boolean acknowledged = false;
      JsonObject response = attach.nextJson();
      while (!response.has("ended")) {
        if (response.has("events")) {
          response
              .getAsJsonObject("events")
              .getAsJsonArray("events")
              .forEach(event -> events.add(event.getAsJsonObject()));
        }
        acknowledged |= response.has("inputAck");
        response = attach.nextJson();
      }
      assertThat(acknowledged).isTrue();
      JsonObject exit = response.getAsJsonObject("ended").getAsJsonObject("exit");
      assertThat(exit.get("code").getAsInt()).isEqualTo(4);
      attach.endInput();
      assertThat(attach.awaitEnd()).as(attach.errors()).isZero();
    }
  }

  private static String output(List<JsonObject> events) {
    StringBuilder text = new StringBuilder();
    for (JsonObject event : events) {
      if (event.has("output")) {
        text.append(decoded(event.getAsJsonObject("output").get("data")));
      }
    }
    return text.toString();
  }

  private static String decoded(JsonElement base64) {
    return new String(Base64.getDecoder().decode(base64.getAsString()), StandardCharsets.UTF_8);
  }
}
