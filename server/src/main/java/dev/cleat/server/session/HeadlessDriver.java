package dev.cleat.server.session;

import dev.cleat.server.telemetry.LogFields;
import dev.cleat.server.telemetry.Tracing;
import dev.cleat.server.terminal.Stream;
import dev.cleat.server.terminal.Terminal;
import dev.cleat.server.terminal.TerminalListener;
import dev.cleat.server.tool.HeadlessForm;
import dev.cleat.server.tool.HeadlessInput;
import dev.cleat.server.tool.TurnWords;
import dev.cleat.server.tool.agent.AgentListener;
import dev.cleat.server.tool.agent.Outcome;
import dev.cleat.server.tool.agent.OutputForm;
import dev.cleat.server.tool.agent.PromptLine;
import dev.cleat.server.tool.agent.TurnOutput;
import dev.cleat.v1.ApprovalAnswer;
import dev.cleat.v1.Event;
import dev.cleat.v1.Exit;
import dev.cleat.v1.Image;
import dev.cleat.v1.OutputStream;
import dev.cleat.v1.SessionOrBuilder;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.Usage;
import dev.cleat.v1.UsageReported;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands each turn to a command of its own, and reads what that prints.
 *
 * <p>Confined to the session's lock, except for what its processes' listeners say, who take it.
 */
final class HeadlessDriver implements AgentDriver {
  private static final Logger LOG = LoggerFactory.getLogger(HeadlessDriver.class);

  /** What it needs of its session. */
  interface Host {
    /** Runs a step with the session's lock held, and deals with what it made heard. */
    void agentSpeaks(Runnable step);

    /** Whether this is the run of its process now. Confined to the session's lock. */
    boolean isRun(Run one);

    /** Writes down what was printed to standard error. */
    void printed(OutputStream stream, ByteBuffer data);

    /** So much of what was printed is in no journal. */
    void lost(int bytes);

    /** Starts something; see {@link SessionLock#slowly}. Confined to the session's lock. */
    <T> T slowly(Supplier<T> start);
  }

  /**
   * A turn's command.
   *
   * @param session the tool's own session, where it is known from the start
   */
  record Running(Terminal process, Optional<String> session) {}

  /** Starts the command of one turn. */
  interface Launcher {
    /**
     * Starts it.
     *
     * @throws Refusal as {@link Starter}
     */
    Running launch(TurnWords words, boolean resume, TerminalListener listener);
  }

  private final Host host;
  private final Launcher launcher;
  private final HeadlessForm form;
  private final HeadlessTerminal terminal;
  private final Path workdir;
  private final Supplier<SessionOrBuilder> session;
  private final Consumer<AgentSaid> heard;
  private final PictureFiles pictures;
  private final Tracing traces;
  private final boolean seesFiles;
  private boolean busy;

  /**
   * A driver without a turn.
   *
   * @param seesFiles whether its commands can read files that the server writes for them
   */
  HeadlessDriver(
      Shared shared,
      Host host,
      Launcher launcher,
      HeadlessForm form,
      HeadlessTerminal terminal,
      Path workdir,
      Supplier<SessionOrBuilder> session,
      boolean seesFiles,
      Consumer<AgentSaid> heard) {
    this.host = host;
    this.launcher = launcher;
    this.form = form;
    this.terminal = terminal;
    this.workdir = workdir;
    this.session = session;
    this.seesFiles = seesFiles;
    this.heard = heard;
    this.pictures = new PictureFiles(shared.settings().pictureRoot());
    this.traces = shared.metrics().tracing();
  }

  @Override
  public boolean isReady() {
    return !busy && !terminal.isStopping();
  }

  @Override
  public boolean takesImages() {
    return form.takesImages() && (seesFiles || form.input() != HeadlessInput.NONE);
  }

  @Override
  public @Nullable AgentSaid prompt(Turn turn, List<Image> images) {
    final boolean byFile = form.input() == HeadlessInput.NONE;
    final SessionKey key = SessionKey.of(session.get());
    try (LogFields.Scope _ = LogFields.about(key.tenant(), key.id(), turn.getId(), traces)) {
      return prompt(turn, images, byFile);
    }
  }

  private @Nullable AgentSaid prompt(Turn turn, List<Image> images, boolean byFile) {
    try {
      start(turn, images, byFile ? pictures.write(turn.getId(), images) : List.of());
      return null;
    } catch (IOException e) {
      LOG.warn("Turn {}: its images could not be written", turn.getId(), e);
      return AgentDriver.notSubmitted(
          "its images could not be put into files for the tool; is the server's disk full?");
    } catch (Refusal e) {
      pictures.remove(turn.getId());
      return new AgentSaid.NotStarted(String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      // Nobody else ends the turn.
      LOG.error("Turn {}: its command could not be started", turn.getId(), e);
      pictures.remove(turn.getId());
      return AgentDriver.notSubmitted(Starter.defect(e));
    }
  }

  private void start(Turn turn, List<Image> images, List<Path> files) {
    final String token = session.get().getResumeToken();
    final TurnWords words =
        new TurnWords(
            turn.getPrompt(),
            token,
            session.get().getModel(),
            workdir,
            session.get().getRole(),
            files);
    final Running running =
        host.slowly(
            () -> launcher.launch(words, !token.isEmpty(), new Reading(turn.getId(), token)));
    final Terminal process = running.process();
    switch (form.input()) {
      case NONE -> process.endInput();
      case CLAUDE -> CommandInput.give(process, PromptLine.claude(turn.getPrompt(), images));
    }
    busy = true;
    terminal.began(process);
    running.session().ifPresent(known -> heard.accept(new AgentSaid.Resumable(known)));
  }

  private OutputForm outputForm() {
    return OutputForm.valueOf(form.output().name());
  }

  @Override
  public void interrupt() {
    terminal.interrupt();
  }

  @Override
  public void kill() {
    terminal.killForeground();
  }

  @Override
  public void answer(String agentsId, ApprovalAnswer answer) {
    throw new IllegalStateException("a command asks nobody");
  }

  @Override
  public void giveUp(String reason) {
    terminal.killForeground();
  }

  /**
   * Reads what the command of one turn prints. The first call may come before it is known to run.
   */
  private final class Reading implements TerminalListener, AgentListener {
    private final TurnOutput output = outputForm().reader(this, form.sessionId().orElse(null));
    private final Tail tail = new Tail();
    private final String turnId;
    private final String token;

    /** What the tool's own session had used before the turn; null when that is not known. */
    private @Nullable Usage usedBefore;

    Reading(String turnId, String token) {
      this.turnId = turnId;
      this.token = token;
      if (token.isEmpty()) {
        usedBefore = Usage.getDefaultInstance();
      } else if (session.get().hasConversationUsage()) {
        usedBefore = session.get().getConversationUsage();
      }
    }

    @Override
    public void begins() {
      final SessionKey key = SessionKey.of(session.get());
      LogFields.turn(key.tenant(), key.id(), turnId, traces);
    }

    @Override
    public void dropped(int bytes) {
      host.lost(bytes);
    }

    @Override
    public void output(Stream stream, ByteBuffer data) {
      if (stream == Stream.STDERR) {
        tail.add(data.duplicate());
        host.printed(OutputStream.OUTPUT_STREAM_STDERR, data);
        return;
      }
      final byte[] bytes = new byte[data.remaining()];
      data.get(bytes);
      host.agentSpeaks(() -> output.feed(bytes, 0, bytes.length));
    }

    @Override
    public void exited(dev.cleat.server.terminal.Exit exit) {
      pictures.remove(turnId);
      host.agentSpeaks(() -> {
        final Outcome outcome = finished();
        final Exit how = Run.contract(exit);
        busy = false;
        // Before the next one begins.
        terminal.ended();
        heard.accept(new AgentSaid.Ended(outcome(outcome, how), how, tail.text()));
      });
    }

    /** Whatever it printed, its session hears that it has ended. */
    private Outcome finished() {
      try {
        return output.finish();
      } catch (RuntimeException e) {
        LOG.error("Turn {}: the end of what its command printed cannot be read", turnId, e);
        return new Outcome(
            TurnEndReason.TURN_END_REASON_AGENT_ERROR,
            "the end of what its command printed could not be read");
      }
    }

    /** A command that fails has failed, whatever it printed before. */
    private Outcome outcome(Outcome said, @Nullable Exit exit) {
      final boolean zero = exit != null && exit.hasCode() && exit.getCode() == 0;
      if (zero || !said.succeeded()) {
        return said;
      }
      return new Outcome(
          TurnEndReason.TURN_END_REASON_EXIT_CODE,
          exit == null
              ? "it is not known how its command ended"
              : "its command ended with "
                  + (exit.hasCode() ? "exit code " + exit.getCode() : exit.getSignal()));
    }

    @Override
    public void said(Event.Builder event) {
      if (event.hasUsageReported() && outputForm().countsWholeSession()) {
        final UsageReported.Builder reported = event.getUsageReportedBuilder();
        final Usage all = reported.getUsage();
        reported.setConversation(all);
        if (usedBefore == null) {
          reported.clearUsage();
        } else {
          reported.setUsage(Usages.less(all, usedBefore));
        }
      }
      heard.accept(new AgentSaid.Something(event));
    }

    @Override
    public void resumable(String found) {
      if (!found.equals(token)) {
        // It did not go on with the one that it was told.
        usedBefore = Usage.getDefaultInstance();
      }
      heard.accept(new AgentSaid.Resumable(found));
    }
  }
}
