package dev.cleat.server.session;

import dev.cleat.server.terminal.Terminal;
import dev.cleat.server.tool.agent.AcpAgent;
import dev.cleat.server.tool.agent.AcpListener;
import dev.cleat.server.tool.agent.Outcome;
import dev.cleat.v1.AgentModes;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalAnswer;
import dev.cleat.v1.Event;
import dev.cleat.v1.Image;
import dev.cleat.v1.SessionOrBuilder;
import dev.cleat.v1.Turn;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Hands turns to an agent that speaks the Agent Client Protocol on the pipes of the session's
 * process.
 *
 * <p>Confined to the session's lock.
 */
final class AcpDriver implements AgentDriver, AcpListener {
  private final AcpAgent agent;
  private final Terminal terminal;
  private final Supplier<SessionOrBuilder> session;
  private final Consumer<AgentSaid> heard;
  private final Consumer<String> giveUp;
  private final Tail errors = new Tail();
  private boolean known;

  /**
   * A driver that has not said anything to its agent yet.
   *
   * @param role what the agent is to be told that it is; empty for nothing in particular
   * @param session as it is now
   * @param heard hears what the agent says
   * @param giveUp ends the process, for the reason it is given
   */
  AcpDriver(
      InputGate gate,
      Terminal terminal,
      Path workdir,
      String role,
      Supplier<SessionOrBuilder> session,
      Consumer<AgentSaid> heard,
      Consumer<String> giveUp) {
    this.terminal = terminal;
    this.session = session;
    this.heard = heard;
    this.giveUp = giveUp;
    this.agent =
        new AcpAgent(
            new AcpAgent.Start(
                workdir, session.get().getResumeToken(), session.get().getModel(), role),
            // Nobody else types here. What comes after the process has ended is of no use.
            bytes -> {
              final var _ = gate.type(bytes, gate.clientInputs());
            },
            this);
  }

  /** Begins the conversation. */
  void start() {
    agent.start();
  }

  /** The agent printed this. */
  void printed(ByteBuffer data) {
    final byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    agent.feed(bytes, 0, bytes.length);
  }

  /** It printed this to standard error. By the terminal, which has ended before anybody asks. */
  void complained(ByteBuffer data) {
    errors.add(data);
  }

  @Override
  public String errorTail() {
    return errors.text();
  }

  @Override
  public boolean isReady() {
    return agent.isReady();
  }

  @Override
  public boolean takesImages() {
    return !known || agent.takesImages();
  }

  @Override
  public @Nullable AgentSaid prompt(Turn turn, List<Image> images) {
    if (!images.isEmpty() && !agent.takesImages()) {
      return AgentDriver.notSubmitted("the agent takes no images");
    }
    agent.prompt(turn.getPrompt(), images, session.get().getModel(), session.get().getAgentMode());
    return null;
  }

  @Override
  public void interrupt() {
    agent.cancel();
  }

  @Override
  public void kill() {
    giveUp.accept("its agent did not come back from a cancel");
    terminal.stop(Duration.ZERO);
  }

  @Override
  public void answer(String agentsId, ApprovalAnswer answer) {
    agent.answer(agentsId, answer.getOptionId());
  }

  @Override
  public void giveUp(String reason) {
    giveUp.accept(reason);
  }

  // What the agent says.

  @Override
  public void ready() {
    known = true;
    heard.accept(new AgentSaid.Ready());
  }

  @Override
  public void said(Event.Builder event) {
    heard.accept(new AgentSaid.Something(event));
  }

  @Override
  public void resumable(String token) {
    heard.accept(new AgentSaid.Resumable(token));
  }

  @Override
  public void modes(AgentModes modes, boolean byAgent) {
    heard.accept(new AgentSaid.Modes(modes, byAgent));
  }

  @Override
  public void asked(Approval.Builder approval) {
    heard.accept(new AgentSaid.Asked(approval));
  }

  @Override
  public void ended(Outcome outcome) {
    heard.accept(new AgentSaid.Ended(outcome, null, ""));
  }

  @Override
  public void broken(String message) {
    heard.accept(new AgentSaid.Broken(message));
  }
}
