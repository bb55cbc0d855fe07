package dev.cleat.e2e.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Prompt;
import dev.cleat.client.PromptWay;
import dev.cleat.client.RunningTurn;
import dev.cleat.client.Session;
import dev.cleat.client.SessionInfo;
import dev.cleat.client.Turn;
import dev.cleat.e2e.Await;
import dev.cleat.e2e.ServerCommand;
import dev.cleat.e2e.Servers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Sessions of a server outside run in a container, behind the prefix {@code podman exec}. */
@ExtendWith(BuiltImage.class)
@Timeout(1800)
@Order(13)
class ContainedSessionsTest {
  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;
  private final Containers containers;

  ContainedSessionsTest(Containers containers) {
    this.containers = containers;
  }

  private CleatClient serve() throws Exception {
    String box =
        containers.start(
            "--network=none", "--tmpfs=/work", "--entrypoint=sleep", BuiltImage.NAME, "infinity");
    Path policy =
        Files.writeString(
            folder.resolve("policy.yaml"),
            """
            tenants:
              default: {default_workspace: box, env: [GREETING]}
            workspaces:
              box:
                prefix: [%1$s, exec, -it, [-e, "{env}"], [-w, "{workdir}"], %2$s]
                pipes_prefix: [%1$s, exec, -i, [-e, "{env}"], [-w, "{workdir}"], %2$s]
                env: [GREETING]
                roots: [/work]
            """
                .formatted(
                    containers.command().stream()
                        .map(word -> '"' + word + '"')
                        .collect(Collectors.joining(", ")),
                    box));
    Path tools =
        Files.writeString(
            folder.resolve("tools.yaml"),
            "tools: {once: {headless: {command: [echo, \"{prompt}\"], output: plain}}}");
    return servers
        .start(
            ServerCommand.on(folder.resolve("data"))
                .flag("--policy", policy.toString())
                .flag("--catalogue", tools.toString()))
        .client();
  }

  private static NewSession inside(String tool) {
    return NewSession.of(tool).workdir("/work").env("GREETING", "good day");
  }

  @Test
  void aShellInAContainerHasItsTurnsItsSizeAndItsEnd() throws Exception {
    try (CleatClient cleat = serve()) {
      Session session = cleat.create(inside("bash").size(31, 97));
      assertThat(session.prompt("cat /proc/1/comm; pwd; echo $GREETING; stty size").output())
          .isEqualTo("sleep\n/work\ngood day\n31 97\n");
      assertThat(session.prompt("(exit 41)").exitCode()).hasValue(41);
      session.resize(20, 70);
      Await.until(
          "the size has followed", () -> session.prompt("stty size").output().equals("20 70\n"));

      RunningTurn sleeping = session.start(Prompt.of("echo b''egun; sleep 600"));
      Await.until("it sleeps", () -> session.screen().text().contains("begun"));
      sleeping.cancel();
      assertThat(sleeping.await().state()).isEqualTo(Turn.State.CANCELLED);
      assertThat(session.prompt("echo on").output()).isEqualTo("on\n");

      session.sendInput("exit 7\r".getBytes(StandardCharsets.UTF_8));
      Await.until("it ends", () -> session.refresh().state() == SessionInfo.State.EXITED);
      assertThat(session.info().exit().orElseThrow().code()).hasValue(7);
      session.restart();
      assertThat(session.prompt("echo again").output()).isEqualTo("again\n");
    }
  }

  @Test
  void commandsRunInTheContainerToo() throws Exception {
    try (CleatClient cleat = serve()) {
      Session session = cleat.create(inside("once").way(PromptWay.HEADLESS));
      String prompt = "-n \"$(id)\" `id`; ü\nsecond line";
      Turn turn = session.prompt(prompt);
      assertThat(turn.state()).as("%s", turn.raw()).isEqualTo(Turn.State.SUCCEEDED);
      assertThat(turn.answer()).isEqualTo(prompt + "\n");
    }
  }

  @Test
  void aProgramThatIsNotThereSaysSo() throws Exception {
    try (CleatClient cleat = serve()) {
      Session session = cleat.create(inside("claude").way(PromptWay.TERMINAL));
      Await.until("it ends", () -> session.refresh().state() == SessionInfo.State.EXITED);
      assertThat(session.screen().text()).contains("claude", "not found");
    }
  }
}
