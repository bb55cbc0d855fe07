package dev.cleat.cli;

import dev.cleat.cli.terminal.DetachKeys;
import dev.cleat.cli.terminal.LocalTerminal;
import dev.cleat.client.AttachEnd;
import dev.cleat.client.AttachInfo;
import dev.cleat.client.AttachListener;
import dev.cleat.client.AttachOptions;
import dev.cleat.client.Attachment;
import dev.cleat.client.CleatException;
import dev.cleat.client.Gap;
import dev.cleat.client.InputUncertainException;
import dev.cleat.client.OutputChunk;
import dev.cleat.client.ScreenPicture;
import dev.cleat.client.Session;
import dev.cleat.v1.Event;
import dev.cleat.v1.EventKind;
import dev.cleat.v1.SessionMode;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.StateChanged;
import dev.cleat.v1.TerminalSize;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jline.terminal.Size;
import org.jspecify.annotations.Nullable;

/**
 * Connects the terminal that the command runs on with a session, until one of them leaves. The
 * terminal gets its modes back however that happens: by the end of the session, the detach keys, an
 * error, or a signal that ends this process.
 */
final class Attaching {
  private static final int REPLAY_EVENTS = 200;

  /** What is shown, and what says that a new process begins on an empty screen. */
  private static final List<EventKind> SHOWN =
      List.of(EventKind.EVENT_KIND_OUTPUT, EventKind.EVENT_KIND_STATE_CHANGED);

  private final Streams streams;
  private final Session session;
  private final DetachKeys keys;
  private @Nullable AttachOptions start;
  private boolean readOnly;

  Attaching(Streams streams, Session session, DetachKeys keys) {
    this.streams = streams;
    this.session = session;
    this.keys = keys;
  }

  /** The last events, for where there is no screen. */
  static AttachOptions lastEvents() {
    return AttachOptions.fromLast(REPLAY_EVENTS);
  }

  /** To start elsewhere than from the screen, or the last events where there is none. */
  Attaching from(AttachOptions place) {
    start = place;
    return this;
  }

  /** Only to watch. */
  Attaching readOnly() {
    readOnly = true;
    return this;
  }

  /** Returns at the end, with the exit code. */
  int run() {
    boolean pipes = session.info().raw().getMode() == SessionMode.SESSION_MODE_PIPES;
    Optional<LocalTerminal> terminal = LocalTerminal.open();
    // A session on pipes has no line editing of its own: leave that to the terminal.
    boolean raw = terminal.isPresent() && !pipes;
    Screen screen = new Screen(streams, terminal.filter(t -> raw));
    Thread restore = new Thread(screen::close, "cleat-restore");
    Runtime.getRuntime().addShutdownHook(restore);
    AttachEnd end;
    try {
      end = attach(screen, terminal.filter(t -> raw)).join();
    } finally {
      screen.close();
    }
    streams.note(Notices.ended(end, name()));
    return Notices.exitCode(end);
  }

  private CompletableFuture<AttachEnd> attach(Screen screen, Optional<LocalTerminal> terminal) {
    AttachOptions how = options(terminal).kinds(SHOWN);
    CompletableFuture<Attachment> started = new CompletableFuture<>();
    Attachment attachment = session.attach(how, new Listener(screen, terminal, started));
    started.complete(attachment);
    return attachment.done();
  }

  private AttachOptions options(Optional<LocalTerminal> terminal) {
    Optional<Size> size = terminal.flatMap(LocalTerminal::size);
    AttachOptions from = start;
    if (from == null) {
      from = size.isPresent() ? AttachOptions.fromScreenWithStyles() : lastEvents();
    }
    if (readOnly || size.isEmpty()) {
      return readOnly ? from.readOnly() : from;
    }
    TerminalSize limited = Sizes.limited(size.get().getRows(), size.get().getColumns());
    return from.size(limited.getRows(), limited.getColumns());
  }

  private String name() {
    return Show.name(session.info());
  }

  private String greeting(boolean keyboard) {
    String what = readOnly ? "watching %s" : "attached to %s";
    String leave = !keyboard || keys.shown().isEmpty() ? "" : "; detach with " + keys.shown();
    return "cleat: " + what.formatted(name()) + leave;
  }

  /** Runs on the attachment's thread. */
  private final class Listener implements AttachListener {
    private final Screen screen;
    private final Optional<LocalTerminal> terminal;
    private final CompletableFuture<Attachment> started;
    private boolean lost;

    Listener(
        Screen screen, Optional<LocalTerminal> terminal, CompletableFuture<Attachment> started) {
      this.screen = screen;
      this.terminal = terminal;
      this.started = started;
    }

    @Override
    public void onAttached(AttachInfo attached) {
      Attachment attachment = started.join();
      screen.notice(greeting(terminal.isPresent()));
      terminal.ifPresent(t -> {
        t.enterRawMode();
        if (!readOnly) {
          t.onResize(() -> resized(t, attachment));
          resized(t, attachment); // it may have been while there was no connection yet
        }
      });
      DetachKeys watched = terminal.isPresent() ? keys : DetachKeys.of("none");
      if (!readOnly || terminal.isPresent()) {
        new Keyboard(streams.in(), watched, attachment, readOnly, screen)
            .start(terminal.isPresent());
      }
    }

    private void resized(LocalTerminal from, Attachment attachment) {
      if (!attachment.done().isDone()) {
        from.size()
            .map(size -> Sizes.limited(size.getRows(), size.getColumns()))
            .ifPresent(size -> attachment.resize(size.getRows(), size.getColumns()));
      }
    }

    @Override
    public void onScreen(ScreenPicture picture) {
      screen.show(picture);
    }

    @Override
    public void onEvent(Event event) {
      StateChanged change = event.getStateChanged();
      if (change.getState() == SessionState.SESSION_STATE_RUNNING
          && change.getMode() != SessionMode.SESSION_MODE_UNSPECIFIED) {
        screen.begin();
      }
    }

    @Override
    public void onOutput(OutputChunk output) {
      screen.print(output.bytes(), output.stream() == OutputChunk.Stream.STDERR);
    }

    @Override
    public void onGap(Gap gap) {
      screen.notice(Notices.gap(gap));
    }

    @Override
    public void onReconnecting(CleatException cause, int attempt, Duration delay) {
      if (!lost) {
        screen.notice(Notices.reconnecting(cause));
      }
      lost = true;
    }

    @Override
    public void onReconnected(AttachInfo attached) {
      if (lost) {
        screen.notice("cleat: reconnected");
      }
      lost = false;
    }

    @Override
    public void onInputUncertain(InputUncertainException uncertain) {
      screen.notice("cleat: " + uncertain.getMessage());
    }

    @Override
    public void onError(CleatException error) {
      // Comes out of done(), after the terminal has its modes back.
    }
  }
}
