package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import dev.cleat.client.ScreenPart;
import dev.cleat.client.ScreenPicture;
import dev.cleat.client.Session;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code cleat screen}. */
@Command(
    name = "screen",
    description = {
      "Print what a session's terminal shows now.",
      "With -o json also its size, cursor, title and modes."
    })
final class ScreenCommand implements Callable<Integer> {
  private final Streams streams;

  @Mixin private final SessionParameter session = new SessionParameter();

  @Option(names = "--colors", description = "With colors and styles.")
  private boolean colors;

  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  ScreenCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    try (CleatClient client = server.connect()) {
      Session found = session.find(client);
      ScreenPicture picture = colors ? found.screen(ScreenPart.STYLES) : found.screen();
      if (format.json()) {
        streams.line(Json.of(picture.raw()));
        return ExitCode.DONE;
      }
      int rows = picture.rows();
      while (rows > 0 && isEmpty(picture, rows - 1)) {
        rows--;
      }
      for (int row = 0; row < rows; row++) {
        if (colors) {
          streams.print((Painter.line(picture, row) + "\n").getBytes(StandardCharsets.UTF_8));
        } else {
          streams.line(picture.lines().get(row));
        }
      }
      if (picture.incomplete()) {
        streams.note("cleat: some of what was printed is no longer kept, and is missing above");
      }
      return ExitCode.DONE;
    }
  }

  private static boolean isEmpty(ScreenPicture picture, int row) {
    return picture.lines().get(row).isEmpty() && picture.spans(row).isEmpty();
  }
}
