package dev.cleat.e2e.agents;

import static dev.cleat.e2e.agents.AgentSessions.succeeded;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.client.CleatClient;
import dev.cleat.client.CleatException;
import dev.cleat.client.NewSession;
import dev.cleat.client.Prompt;
import dev.cleat.client.PromptWay;
import dev.cleat.client.Session;
import dev.cleat.e2e.ServerProcess;
import dev.cleat.e2e.Servers;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Pictures arrive at the model byte for byte, and nothing of them stays. */
@RealAgents
class AgentPicturesTest {
  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;
  @AutoClose final ModelApi model = ModelApi.start();

  private ServerProcess server() throws Exception {
    return servers.start(folder.resolve("data"));
  }

  private NewSession of(Agent agent, AgentHome home, PromptWay way) {
    return AgentSessions.of(servers, agent, home, way);
  }

  /** The smallest picture: one pixel. */
  private static final byte[] PNG =
      Base64.getDecoder()
          .decode(
              "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=");

  /** More than a MiB. Claude Code would make such a one smaller before it sends it. */
  private static byte[] photograph(Agent agent) {
    byte[] photograph = photograph(agent == Agent.CLAUDE ? 600 : 1_450);
    assertThat(photograph).hasSizeGreaterThan(agent == Agent.CLAUDE ? 100 << 10 : 1 << 20);
    return photograph;
  }

  /** A square of noise, of which nothing can be left out. */
  private static byte[] photograph(int size) {
    BufferedImage image = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
    Random noise = new Random(1);
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        image.setRGB(x, y, noise.nextInt());
      }
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (var out = new MemoryCacheImageOutputStream(bytes)) {
      assertThat(ImageIO.write(image, "jpeg", out)).isTrue();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private Path pictures() {
    return folder.resolve("data/pictures");
  }

  /** Gemini CLI's command takes none. */
  static Stream<Arguments> agentsAndWays() {
    return AgentSessions.agentsAndWays().filter(arguments -> !takesNone(arguments.get()));
  }

  private static boolean takesNone(Object... agentAndWay) {
    return agentAndWay[0] == Agent.GEMINI && agentAndWay[1] == PromptWay.HEADLESS;
  }

  @Test
  void commandThatTakesNoneRefusesThem() throws Exception {
    AgentHome home = Agent.GEMINI.home(folder, model, AgentHome.Asks.NEVER);
    try (CleatClient cleat = server().client()) {
      Session session = cleat.create(of(Agent.GEMINI, home, PromptWay.HEADLESS));
      CleatException refusal =
          catchThrowableOfType(
              CleatException.class,
              () -> session.start(Prompt.of("What is it?").image("image/png", PNG)));
      assertThat(refusal.reason()).isEqualTo("NO_IMAGES");
    }
  }

  @ParameterizedTest
  @MethodSource("agentsAndWays")
  void picturesArriveWholeAndInOrder(Agent agent, PromptWay way) throws Exception {
    byte[] photograph = photograph(agent);
    AgentHome home = agent.home(folder, model, AgentHome.Asks.NEVER);
    model.reply(Reply.text("Two dots."), Reply.text("One dot."));
    try (CleatClient cleat = server().client()) {
      Session session = cleat.create(of(agent, home, way));
      succeeded(
          session.prompt(
              Prompt.of("What is it?").image("image/png", PNG).image("image/jpeg", photograph)));
      assertThat(model.lastTurn().images()).containsExactly(PNG, photograph);

      succeeded(session.prompt(Prompt.of("And this?").image("image/jpeg", photograph)));
      assertThat(model.awaitTurn(2).images()).containsExactly(PNG, photograph, photograph);
      assertThat(model.lastTurn().prompts())
          .anyMatch(prompt -> prompt.contains("What is it?"))
          .anyMatch(prompt -> prompt.contains("And this?"));
    }
    assertThat(left()).isEmpty();
  }

  private List<Path> left() throws IOException {
    if (!Files.exists(pictures())) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(pictures())) {
      return all.filter(Files::isRegularFile).toList();
    }
  }

  @Test
  void nothingOfThemIsLeftByAServerThatIsKilled() throws Exception {
    AgentHome home = Agent.CODEX.home(folder, model, AgentHome.Asks.NEVER);
    CountDownLatch hold = new CountDownLatch(1);
    model.reply(Reply.held(hold));
    ServerProcess server = server();
    try (CleatClient cleat = server.client()) {
      Session session = cleat.create(of(Agent.CODEX, home, PromptWay.HEADLESS));
      var _ = session.start(Prompt.of("What is it?").image("image/png", PNG));
      var _ = model.awaitTurn(1);
      assertThat(left()).hasSize(1);
    }
    server.kill();
    hold.countDown();
    server();
    assertThat(left()).isEmpty();
  }
}
