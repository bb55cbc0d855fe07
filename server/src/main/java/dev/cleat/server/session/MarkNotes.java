package dev.cleat.server.session;

import dev.cleat.server.reader.Mark;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Writes down what any program may say of itself: its title, its directory, a notification.
 * Confined to the session's lock.
 */
final class MarkNotes {
  private final SessionLog log;
  private final UnaryOperator<String> titles;

  /**
   * Notes in this log.
   *
   * @param titles what of a title is written down
   */
  MarkNotes(SessionLog log, UnaryOperator<String> titles) {
    this.log = log;
    this.titles = titles;
  }

  /** Writes it down, if it is one of these and something new. */
  void note(Mark mark) {
    switch (mark) {
      case Mark.Shell _ -> {}
      case Mark.Directory directory -> {
        if (!directory.path().equals(log.fold().session().getCurrentDirectory())) {
          log.append(List.of(Events.directory(directory.path())));
        }
      }
      case Mark.Title title -> {
        final String text = titles.apply(title.text());
        if (!text.equals(log.fold().session().getTitle())) {
          log.append(List.of(Events.title(text)));
        }
      }
      case Mark.Notification notification ->
          log.append(List.of(Events.notified(notification.text())));
    }
  }
}
