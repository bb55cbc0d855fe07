package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import dev.cleat.client.Prompt;
import dev.cleat.client.RunningTurn;
import dev.cleat.client.Session;
import dev.cleat.client.Turn;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cleat prompt}. */
@Command(
    name = "prompt",
    description = {
      "Hand a prompt to a session, wait, and print what comes of it: what the command printed, or",
      "what the agent says, with what it does in lines on standard error.",
      "Ends with the code of the command; for an agent with 0 when it succeeded, 124 when it timed",
      "out, 130 when it was cancelled, else 1. Ctrl-C cancels the turn; a second one leaves it"
          + " alone."
    },
    footer = {"", "Example: cleat prompt work 'make test'"})
final class PromptCommand implements Callable<Integer> {

  /** What to do when a turn is under way, in lower case on the command line. */
  enum Busy {
    QUEUE,
    REFUSE;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Streams streams;

  @Mixin private final SessionParameter session = new SessionParameter();

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "PROMPT",
      description = "The prompt; words are put together with spaces. Default: standard input.")
  private List<String> words = new ArrayList<>();

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      converter = Durations.class,
      description = "Interrupt the turn this long after it began.")
  private @Nullable Duration timeout;

  @Option(names = "--no-wait", description = "Print the turn's id instead of waiting for its end.")
  private boolean noWait;

  @Option(
      names = "--busy",
      paramLabel = "WHAT",
      defaultValue = "queue",
      description = "When a turn is under way: ${COMPLETION-CANDIDATES}. Default: queue.")
  private Busy busy = Busy.QUEUE;

  @Option(
      names = "--request-id",
      paramLabel = "ID",
      description = "Makes it safe to repeat: for 24 hours the same id finds the same turn.")
  private String requestId = "";

  @Option(
      names = "--json",
      description = "Print the turn's events as they come, one object a line.")
  private boolean events;

  @Option(
      names = "--image",
      paramLabel = "FILE",
      description = "A PNG, JPEG, GIF or WebP that goes with the prompt. May be repeated.")
  private List<Path> images = new ArrayList<>();

  @Mixin private final OutputOption output = new OutputOption();
  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  PromptCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    if (events && (noWait || format.json())) {
      throw CliException.usage("--json goes neither with --no-wait nor with --output json");
    }
    Prompt prompt = prompt();
    try (CleatClient client = server.connect()) {
      Session found = session.find(client);
      if (noWait) {
        RunningTurn running = found.start(prompt);
        streams.line(format.json() ? Json.of(running.started().raw()) : running.id());
        return ExitCode.DONE;
      }
      boolean plain = output.plain(streams);
      try (TurnInterrupt interrupt = TurnInterrupt.arm(streams)) {
        RunningTurn running = interrupt.started(found.start(plain ? prompt : prompt.rawOutput()));
        return found.info().way().structured()
            ? agent(found, running, interrupt)
            : ended(shell(found, running), interrupt);
      }
    }
  }

  private Prompt prompt() throws IOException {
    if (requestId.isEmpty()) {
      requestId = UUID.randomUUID().toString();
    }
    String text =
        words.isEmpty()
            ? new String(streams.in().readAllBytes(), StandardCharsets.UTF_8).stripTrailing()
            : String.join(" ", words);
    if (text.isBlank()) {
      throw CliException.usage("the prompt is empty");
    }
    Prompt prompt = Prompt.of(text).requestId(requestId);
    if (timeout != null) {
      prompt = prompt.timeout(timeout);
    }
    prompt = Pictures.add(prompt, images);
    return busy == Busy.REFUSE ? prompt.refuseWhenBusy() : prompt;
  }

  private Turn shell(Session to, RunningTurn running) {
    if (events) {
      return TurnJournal.print(streams, to, running, output.plain(streams));
    }
    return format.json() ? json(to, running.await()) : stream(running);
  }

  private int agent(Session to, RunningTurn running, TurnInterrupt interrupt) {
    AgentTurn agent = new AgentTurn(streams, to, session.text());
    Turn turn;
    if (events) {
      turn = TurnJournal.print(streams, to, running, output.plain(streams));
    } else if (format.json()) {
      agent.await(running);
      turn = json(to, running.await());
    } else {
      turn = agent.show(running);
    }
    if (wasTyped(to, turn)) {
      return ended(events || format.json() ? turn : print(running.await()), interrupt);
    }
    if (!interrupt.cancelled()) {
      agent.explain(turn);
    }
    return AgentTurn.exitCode(turn);
  }

  /** Whether it was typed at last: the session's own way of taking prompts did not start. */
  private static boolean wasTyped(Session to, Turn turn) {
    return turn.judgedBy() != Turn.JudgedBy.STRUCTURED && !to.refresh().way().structured();
  }

  private Turn print(Turn turn) {
    try (Printout printout = Printout.open(streams, output)) {
      printout.print(turn.output().getBytes(StandardCharsets.UTF_8));
    }
    return turn;
  }

  private Turn stream(RunningTurn running) {
    Turn turn;
    try (Printout printout = Printout.open(streams, output)) {
      turn = running.await(printout::print);
    }
    if (turn.omittedBytes() > 0) {
      streams.note(
          "cleat: %d bytes of the output are no longer kept".formatted(turn.omittedBytes()));
    }
    return turn;
  }

  /** One object: the turn, with its output, and an agent's answer, in it. */
  private Turn json(Session to, Turn turn) {
    String object = Json.with(Json.of(turn.raw()), "output", Json.text(turn.output()));
    if (to.info().way().structured()) {
      object = Json.with(object, "answer", Json.text(turn.answer()));
    }
    if (turn.omittedBytes() > 0) {
      object = Json.with(object, "omittedBytes", Long.toString(turn.omittedBytes()));
    }
    streams.line(object);
    return turn;
  }

  private int ended(Turn turn, TurnInterrupt interrupt) {
    boolean explained = turn.state() == Turn.State.SUCCEEDED || turn.state() == Turn.State.FAILED;
    if (!explained || turn.exitCode().isEmpty()) {
      String why = turn.statusMessage();
      if (turn.state() != Turn.State.SUCCEEDED && !interrupt.cancelled()) {
        streams.note(
            "cleat: the turn is %s%s".formatted(Show.state(turn), why.isEmpty() ? "" : ": " + why));
      }
    }
    int otherwise = turn.succeeded() ? ExitCode.DONE : ExitCode.FAILED;
    int code = turn.exitCode().orElse(otherwise);
    return code == 0 ? otherwise : code;
  }
}
