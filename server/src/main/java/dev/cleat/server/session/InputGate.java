package dev.cleat.server.session;

import com.google.protobuf.ByteString;
import com.google.rpc.Code;
import dev.cleat.server.telemetry.LogFields;
import dev.cleat.server.terminal.Terminal;
import dev.cleat.server.terminal.TerminalClosedException;
import dev.cleat.v1.ErrorReason;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The one way into a session's terminal. It keeps what is typed in the order in which it came,
 * applies each number of each writer once, and never blocks: what the terminal does not take at
 * once waits here, bounded, and a thread of its own pushes it on when there is room.
 *
 * <p>Thread-safe; its lock is held over a non-blocking write and never over anything else. It is
 * taken with or without the session's lock, and never the other way round.
 */
final class InputGate {
  /** As the contract says. */
  static final int REMEMBERED_WRITERS = 4096;

  /** What input that waits takes beside its bytes, which may be none. */
  static final long ENTRY_COST = 256;

  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /** Where a writer's numbers stand. */
  private static final class Account {
    private long accepted;
    private long settled;
    private final DiscardedInput discarded = new DiscardedInput();
    private Client.@Nullable Listener attached;

    /** Whether nobody notices now that it is forgotten, but who types under its name again. */
    boolean isIdle() {
      return attached == null && settled == accepted;
    }
  }

  private record Pending(ByteBuffer data, @Nullable Account account, long inputSeq, Done done) {
    long cost() {
      return ENTRY_COST + data.remaining();
    }
  }

  /** Hears what became of one input. */
  interface Done {
    /**
     * Called once, with the gate's lock held.
     *
     * @param settled the newest number of its writer that was applied, or thrown away; 0 without a
     *     number
     */
    void done(long settled, boolean discarded);
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final SessionKey session;
  private final Runnable onNotTaken;
  private final long limit;

  /** Those used last are last. */
  private final Map<String, Account> accounts = new LinkedHashMap<>(4, 0.75f, true);

  private final ArrayDeque<Pending> pending = new ArrayDeque<>(2);
  private long pendingBytes;
  private @Nullable Terminal terminal;
  private @Nullable Thread pusher;
  private final AtomicLong clientInputs = new AtomicLong();
  private volatile long lastClientInputNanos;

  /**
   * A gate without a terminal.
   *
   * @param limit how many bytes may wait before writers are held back, those that keeping them
   *     takes among them
   * @param onNotTaken runs when the terminal begins not to take what is typed
   */
  InputGate(SessionKey session, long limit, Runnable onNotTaken) {
    this.session = session;
    this.onNotTaken = onNotTaken;
    this.limit = limit;
  }

  /** A process has been started. */
  void open(Terminal terminal) {
    lock.lock();
    try {
      this.terminal = terminal;
    } finally {
      lock.unlock();
    }
  }

  /** The process has ended: what waits is thrown away, and so is what comes until the next one. */
  void close() {
    lock.lock();
    try {
      terminal = null;
      discardPending();
    } finally {
      lock.unlock();
    }
  }

  /** A stream writes under this id from now on; the one that did before is told. */
  WriterStanding attach(String writerId, Client.Listener writer) {
    lock.lock();
    try {
      final boolean known = accounts.containsKey(writerId);
      final Account account = account(writerId);
      final Client.Listener before = account.attached;
      account.attached = writer;
      if (before != null) {
        before.replaced();
      }
      return new WriterStanding(known, account.settled + 1, account.discarded.ranges());
    } finally {
      lock.unlock();
    }
  }

  /** The stream writes no more. Its numbers are remembered. */
  @SuppressWarnings("ReferenceEquality") // This stream, and no other that is like it.
  void detach(String writerId, Client.Listener writer) {
    lock.lock();
    try {
      final Account account = accounts.get(writerId);
      if (account != null && account.attached == writer) {
        account.attached = null;
      }
    } finally {
      lock.unlock();
    }
  }

  private Account account(String writerId) {
    final Account known = accounts.get(writerId);
    if (known != null) {
      return known;
    }
    forgetOldest();
    final Account account = new Account();
    accounts.put(writerId, account);
    return account;
  }

  /** Makes room for one more. Those that write or wait now stay: they are few, and come first. */
  private void forgetOldest() {
    final Iterator<Account> oldestFirst = accounts.values().iterator();
    while (accounts.size() >= REMEMBERED_WRITERS && oldestFirst.hasNext()) {
      if (oldestFirst.next().isIdle()) {
        oldestFirst.remove();
      }
    }
  }

  /**
   * Applies numbered input, once.
   *
   * @param done hears what became of it, also if it was applied before
   * @return false when the writer should wait for {@link Client.Listener#room}
   * @throws Refusal INPUT_HOLE
   */
  boolean input(String writerId, long inputSeq, ByteString data, Done done) {
    lock.lock();
    try {
      final Account known = accounts.get(writerId);
      final long expected = known == null ? 1 : known.accepted + 1;
      if (inputSeq > expected || inputSeq < 1) {
        throw hole(writerId, inputSeq, expected);
      }
      final Account account = account(writerId);
      if (inputSeq <= account.settled) {
        if (account.attached != null) {
          account.discarded.tell(account.attached, inputSeq, account.settled);
        }
        done.done(account.settled, account.discarded.has(inputSeq));
      } else if (inputSeq <= account.accepted) {
        // It waits for the terminal; the acknowledgement comes with it.
        put(new Pending(ByteBuffer.allocate(0), account, inputSeq, done));
      } else {
        account.accepted = inputSeq;
        clientTyped();
        put(new Pending(data.asReadOnlyByteBuffer(), account, inputSeq, done));
      }
      return pendingBytes < limit;
    } finally {
      lock.unlock();
    }
  }

  /**
   * What a call typed and was thrown away is not yet typed: it is as if it had not come, unless
   * something came behind it. Not for a stream, which has been told that it is settled.
   */
  void takeBack(String writerId, long inputSeq) {
    lock.lock();
    try {
      final Account account = accounts.get(writerId);
      if (account != null && account.discarded.endsWith(inputSeq, account.accepted)) {
        account.discarded.forgetFrom(inputSeq);
        account.accepted = inputSeq - 1;
        account.settled = inputSeq - 1;
      }
    } finally {
      lock.unlock();
    }
  }

  private Refusal hole(String writerId, long inputSeq, long expected) {
    return Refusal.of(
            Code.FAILED_PRECONDITION,
            ErrorReason.ERROR_REASON_INPUT_HOLE,
            "input "
                + inputSeq
                + " came where "
                + expected
                + " was expected; send what is missing first")
        .field("input.input_seq", "must be " + expected)
        .with("session_id", session.id())
        .with("writer_id", writerId)
        .with("input_seq", inputSeq)
        .with("expected_input_seq", expected);
  }

  /**
   * Applies input without a number.
   *
   * @throws Refusal INPUT_FULL
   */
  void input(ByteString data, Done done) {
    lock.lock();
    try {
      refuseWhenFull();
      clientTyped();
      put(new Pending(data.asReadOnlyByteBuffer(), null, 0, done));
    } finally {
      lock.unlock();
    }
  }

  /**
   * @throws Refusal INPUT_FULL, when writers are held back just now
   */
  void refuseWhenFull() {
    if (!hasRoom()) {
      throw Refusal.of(
              Code.RESOURCE_EXHAUSTED,
              ErrorReason.ERROR_REASON_INPUT_FULL,
              "the terminal does not take input as fast as it comes: " + limit + " bytes wait")
          .with("session_id", session.id())
          .with("limit_bytes", limit)
          .retryAfter(Duration.ofSeconds(1));
    }
  }

  /** Whether writers need not wait. */
  boolean hasRoom() {
    lock.lock();
    try {
      return pendingBytes < limit;
    } finally {
      lock.unlock();
    }
  }

  /** How often clients have typed. */
  long clientInputs() {
    return clientInputs.get();
  }

  /** How long ago a client typed last; means nothing while none has. */
  Duration sinceClientInput() {
    return Duration.ofNanos(System.nanoTime() - lastClientInputNanos);
  }

  private void clientTyped() {
    lastClientInputNanos = System.nanoTime();
    clientInputs.incrementAndGet();
  }

  /** What became of what the server has typed itself. */
  enum Typed {
    /** The terminal has it, or will have it in its turn. */
    TAKEN,
    /** Nothing was typed: a client did meanwhile. */
    CLIENT_TYPED,
    /** Nothing was typed: nobody reads it any more. */
    CLOSED
  }

  /**
   * Types a prompt, unless a client has typed meanwhile.
   *
   * @param seen what {@link #clientInputs} was when it was decided to type
   */
  Typed type(byte[] prompt, long seen) {
    lock.lock();
    try {
      if (terminal != null && clientInputs.get() != seen) {
        return Typed.CLIENT_TYPED;
      }
      put(new Pending(ByteBuffer.wrap(prompt), null, 0, (_, _) -> {}));
      return terminal == null ? Typed.CLOSED : Typed.TAKEN;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Answers a question of the program's to its terminal. Dropped where writers would be held back:
   * who asks and does not read cannot make answers pile up.
   */
  void answer(byte[] answer) {
    lock.lock();
    try {
      if (terminal != null && pendingBytes < limit) {
        put(new Pending(ByteBuffer.wrap(answer), null, 0, (_, _) -> {}));
      }
    } finally {
      lock.unlock();
    }
  }

  private void put(Pending input) {
    if (terminal == null) {
      settle(input, true);
    } else if (pending.isEmpty() && push(input)) {
      settle(input, false);
    } else if (terminal == null) {
      settle(input, true);
    } else {
      pending.add(input);
      pendingBytes += input.cost();
      if (pusher == null) {
        onNotTaken.run();
        pusher =
            Thread.ofPlatform().name("cleat-input-" + session).daemon().start(this::pushUntilEmpty);
      }
    }
  }

  /** Writes what the terminal takes; true when all of it was taken. */
  private boolean push(Pending input) {
    final Terminal target = terminal;
    if (target == null) {
      return false;
    }
    try {
      while (input.data.hasRemaining()) {
        if (target.write(input.data) == 0) {
          return false;
        }
      }
      return true;
    } catch (TerminalClosedException e) {
      // The exit is on its way to the session; whatever else comes is thrown away like this.
      terminal = null;
      return false;
    }
  }

  private void settle(Pending input, boolean discarded) {
    final Account account = input.account;
    if (account == null) {
      input.done.done(0, discarded);
      return;
    }
    if (input.inputSeq > account.settled) {
      account.settled = input.inputSeq;
      if (discarded) {
        account.discarded.add(input.inputSeq);
      }
      if (account.attached != null) {
        account.attached.acked(input.inputSeq, discarded);
      }
    }
    // What came again waits behind what came first, which may have fared otherwise.
    input.done.done(account.settled, account.discarded.has(input.inputSeq));
  }

  private void pushUntilEmpty() {
    LogFields.session(session.tenant(), session.id());
    while (true) {
      final Terminal target;
      lock.lock();
      try {
        pushPending();
        if (pending.isEmpty() || terminal == null) {
          discardPending();
          pusher = null;
          return;
        }
        target = terminal;
      } finally {
        lock.unlock();
      }
      target.awaitWritable(PATIENCE);
    }
  }

  private void pushPending() {
    final boolean wasFull = pendingBytes >= limit;
    while (!pending.isEmpty()) {
      final Pending first = pending.getFirst();
      final long before = first.cost();
      final boolean all = push(first);
      pendingBytes -= before - first.cost();
      if (!all) {
        break;
      }
      pending.removeFirst();
      pendingBytes -= first.cost();
      settle(first, false);
    }
    if (wasFull && pendingBytes < limit) {
      tellRoom();
    }
  }

  private void discardPending() {
    if (pending.isEmpty()) {
      return;
    }
    for (Pending input : pending) {
      settle(input, true);
    }
    pending.clear();
    pendingBytes = 0;
    tellRoom();
  }

  private void tellRoom() {
    for (Account account : accounts.values()) {
      if (account.attached != null) {
        account.attached.room();
      }
    }
  }
}
