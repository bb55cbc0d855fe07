package dev.cleat.cli;

import dev.cleat.client.AttachOptions;
import dev.cleat.client.AttachOptions.Encoding;
import dev.cleat.client.CleatClient;
import dev.cleat.client.Delivery;
import dev.cleat.client.EventStream;
import dev.cleat.client.Position;
import dev.cleat.client.Session;
import dev.cleat.v1.Event;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code cleat logs}. */
@Command(
    name = "logs",
    description = "Print what a session has printed; with -o json, all that has happened to it.")
final class LogsCommand implements Callable<Integer> {
  private final Streams streams;

  @Mixin private final SessionParameter session = new SessionParameter();

  @Option(
      names = {"-f", "--follow"},
      description = "Go on until the session ends.")
  private boolean follow;

  @Option(
      names = "--since",
      paramLabel = "TIME",
      converter = Since.class,
      description =
          "Only what is not older: a duration such as 5m, or a time such as 2026-01-31T08:00.")
  private @Nullable Instant since;

  @Option(
      names = {"-n", "--tail"},
      paramLabel = "LINES",
      description = "Only the last lines.")
  private @Nullable Integer tail;

  @Mixin private final OutputOption output = new OutputOption();
  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  LogsCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    if (tail != null && tail < 0) {
      throw CliException.usage("--tail is a number of lines, and not " + tail);
    }
    boolean plain = output.plain(streams);
    try (CleatClient client = server.connect()) {
      Session found = session.find(client);
      LogStart start = new LogStart(client, found).at(since, tail);
      AttachOptions options =
          (start.seq() == 0
                  ? AttachOptions.fromOldest()
                  : AttachOptions.after(new Position(start.epoch(), start.seq())))
              .readOnly()
              .encoding(format.json() ? plain ? Encoding.PLAIN : Encoding.TEXT : Encoding.BYTES);
      try (EventStream events = found.events(format.json() ? options : options.outputOnly());
          Printout printout = Printout.open(streams, output)) {
        print(events, printout, new SkippedLines(start.skipLines()));
      }
      return ExitCode.DONE;
    }
  }

  private void print(EventStream events, Printout printout, SkippedLines skipped) {
    for (Delivery next = events.next(); next != null; next = events.next()) {
      switch (next) {
        case Delivery.Happened happened -> print(happened.event(), printout, skipped);
        case Delivery.Missing missing -> streams.note(Notices.gap(missing.gap()));
        case Delivery.Pictured pictured -> {}
        case Delivery.CaughtUp caughtUp -> {
          if (!follow) {
            return;
          }
        }
      }
    }
  }

  private void print(Event event, Printout printout, SkippedLines skipped) {
    if (format.json()) {
      streams.line(Json.of(event));
    } else if (event.hasOutput()) {
      printout.print(skipped.rest(event.getOutput().getData().toByteArray()));
    }
  }

  /** Drops the first lines. */
  private static final class SkippedLines {
    private int left;

    SkippedLines(int lines) {
      this.left = lines;
    }

    byte[] rest(byte[] bytes) {
      int from = 0;
      while (left > 0 && from < bytes.length) {
        if (bytes[from++] == '\n') {
          left--;
        }
      }
      return from == 0 ? bytes : java.util.Arrays.copyOfRange(bytes, from, bytes.length);
    }
  }
}
