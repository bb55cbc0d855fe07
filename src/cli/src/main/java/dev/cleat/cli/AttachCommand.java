package dev.cleat.cli;

import dev.cleat.client.AttachOptions;
import dev.cleat.client.CleatClient;
import dev.cleat.client.Delivery;
import dev.cleat.client.EventStream;
import dev.cleat.client.Session;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code cleat attach}. */
@Command(
    name = "attach",
    description = {
      "Attach to a session: its screen and its output come here, what is typed goes there.",
      "Ends when the session ends, with the code of its process, or 128 and the number of its"
          + " signal.",
      "When standard input is no terminal, it is typed into the session."
    })
final class AttachCommand implements Callable<Integer> {
  private final Streams streams;

  @Mixin private final SessionParameter session = new SessionParameter();

  @Option(
      names = {"-r", "--read-only"},
      description = "Only watch: neither type nor resize.")
  private boolean readOnly;

  @Option(
      names = "--replay",
      paramLabel = "EVENTS",
      description = {
        "Show this many of the last events first, in place of the screen; all: all there are.",
        "Default where there is no terminal, here or there: 200."
      })
  private @Nullable String replay;

  @Mixin private final KeysOption keys = new KeysOption();
  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  AttachCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    Optional<AttachOptions> start = start();
    try (CleatClient client = server.connect()) {
      Session found = session.find(client);
      if (format.json()) {
        return events(found, start.orElseGet(Attaching::lastEvents));
      }
      Attaching attaching = new Attaching(streams, found, keys.keys());
      start.ifPresent(attaching::from);
      return (readOnly ? attaching.readOnly() : attaching).run();
    }
  }

  private Optional<AttachOptions> start() {
    if (replay == null) {
      return Optional.empty();
    }
    if (replay.equals("all")) {
      return Optional.of(AttachOptions.fromOldest());
    }
    if (!replay.matches("\\d{1,9}")) {
      throw CliException.usage("--replay expects a number or all, and not '%s'".formatted(replay));
    }
    long events = Long.parseLong(replay);
    return Optional.of(events == 0 ? AttachOptions.fromNow() : AttachOptions.fromLast(events));
  }

  /** All that happens, as JSON; only to watch. */
  private int events(Session found, AttachOptions start) {
    try (EventStream events =
        found.events(start.readOnly().encoding(AttachOptions.Encoding.TEXT))) {
      for (Delivery delivery : events) {
        switch (delivery) {
          case Delivery.Happened happened -> streams.line(Json.of(happened.event()));
          case Delivery.Missing missing -> streams.note(Notices.gap(missing.gap()));
          case Delivery.Pictured pictured -> {}
          case Delivery.CaughtUp caughtUp -> {}
        }
      }
      return Notices.exitCode(events.attachment().done().join());
    }
  }
}
