package dev.cleat.cli;

import dev.cleat.client.Approval;
import dev.cleat.client.Approval.Option;
import dev.cleat.client.ApprovalReply;
import dev.cleat.client.CleatException;
import dev.cleat.client.Session;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Asks the person at the terminal what an agent asks, one question at a time, while the turn goes
 * on being shown: a question may also be decided elsewhere, or by its deadline. What was typed
 * before a question was shown does not answer it.
 *
 * <p>Lines are read by a thread of its own, which starts with the first question; {@code this}
 * guards the state, and is held while something is said, so that lines stay whole.
 */
final class ApprovalDialog {
  /**
   * What was typed.
   *
   * @param ask which of the times that something was asked it was begun at
   */
  private record Line(String text, int ask) {}

  private static final int NOTHING = 0;

  private final Streams streams;
  private final Session session;
  private final Queue<Approval> waiting = new ArrayDeque<>();
  private @Nullable Thread reader;
  private String shown = "";
  private int asks; // how often something was asked
  private boolean inputEnded;

  ApprovalDialog(Streams streams, Session session) {
    this.streams = streams;
    this.session = session;
  }

  /** The agent asks. */
  void asked(Approval approval) {
    boolean nobody;
    synchronized (this) {
      waiting.add(approval);
      askNext();
      if (reader == null) {
        reader = Thread.ofPlatform().daemon().name("cleat-answers").start(this::read);
      }
      nobody = inputEnded;
    }
    if (nobody) {
      denyAll();
    }
  }

  /** A question was decided, from here or elsewhere. */
  synchronized void resolved(Approval approval) {
    boolean asking = waiting.peek() != null && shown.equals(approval.id());
    if (waiting.removeIf(asked -> asked.id().equals(approval.id()))) {
      streams.note((asking ? "\n" : "") + "cleat: " + Approvals.decision(approval));
      askNext();
    }
  }

  private void ask(Approval approval) {
    streams.forgetTyped().run();
    shown = approval.id();
    asks++;
    streams.note("? " + Approvals.question(approval));
    int number = 0;
    for (Option option : approval.options()) {
      number++;
      streams.note("  %d  %s".formatted(number, Show.brief(Show.plain(option.name()), 80)));
    }
    if (number == 0) {
      streams.note("  1  Allow");
    }
    streams.note("Number, or nothing to deny: ".getBytes(StandardCharsets.UTF_8));
  }

  private void askNext() {
    Approval next = waiting.peek();
    if (next != null && !next.id().equals(shown)) {
      ask(next);
    }
  }

  private void read() {
    try {
      for (Optional<Line> line = line(); line.isPresent(); line = line()) {
        typed(line.orElseThrow());
      }
    } catch (IOException e) {
      note("cleat: standard input cannot be read: " + e.getMessage());
    }
    synchronized (this) {
      inputEnded = true;
    }
    denyAll();
  }

  /** A line of standard input, which is read no further; empty at its end. */
  private Optional<Line> line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    byte[] one = new byte[1];
    int count = streams.in().read(one);
    int ask = currentAsk();
    while (count > 0 && one[0] != '\n') {
      line.write(one[0]);
      count = streams.in().read(one);
    }
    return count <= 0 && line.size() == 0
        ? Optional.empty()
        : Optional.of(new Line(line.toString(StandardCharsets.UTF_8).strip(), ask));
  }

  private synchronized int currentAsk() {
    return waiting.isEmpty() ? NOTHING : asks;
  }

  private void typed(Line typed) {
    String line = typed.text();
    Approval approval;
    Optional<ApprovalReply> reply;
    synchronized (this) {
      approval = waiting.peek();
      if (approval == null) {
        return;
      }
      if (typed.ask() != asks) {
        ask(approval); // the line was begun before, and is no answer
        return;
      }
      reply = reply(approval, line);
      if (reply.isEmpty()) {
        streams.note("cleat: there is no answer '%s'".formatted(Show.plain(line)));
        ask(approval);
        return;
      }
      waiting.remove();
    }
    resolve(reply.orElseThrow());
    synchronized (this) {
      askNext();
    }
  }

  private static Optional<ApprovalReply> reply(Approval approval, String line) {
    if (line.isEmpty()) {
      return Optional.of(approval.deny());
    }
    List<Option> options = approval.options();
    if (options.isEmpty()) {
      return line.equals("1") ? Optional.of(approval.allow()) : Optional.empty();
    }
    for (int i = 0; i < options.size(); i++) {
      if (line.equals(Integer.toString(i + 1))) {
        Option option = options.get(i);
        ApprovalReply reply = option.kind().allows() ? approval.allow() : approval.deny();
        return Optional.of(reply.option(option.id()));
      }
    }
    return Optional.empty();
  }

  private void denyAll() {
    for (Approval next = take(); next != null; next = take()) {
      note("\ncleat: denied, as standard input has ended");
      resolve(next.deny());
    }
  }

  private synchronized @Nullable Approval take() {
    return waiting.poll();
  }

  /** Says an answer; that it came too late is no failure of the turn. */
  private void resolve(ApprovalReply reply) {
    try {
      session.resolve(reply.by(ApprovalAnswering.caller()));
    } catch (CleatException e) {
      note(
          e.reason().equals("APPROVAL_RESOLVED")
              ? "cleat: the question was decided before"
              : "cleat: the answer did not reach the agent: " + e.getMessage());
    }
  }

  private synchronized void note(String text) {
    streams.note(text);
  }
}
