package dev.cleat.server.rpc;

import dev.cleat.server.auth.CallerContext;
import dev.cleat.server.journal.Alarm;
import dev.cleat.server.telemetry.LogFields;
import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The way out of a server stream, for the one thread that writes to it, its pump. Handlers of the
 * call only ring the bell; the pump looks at everything again after each. What is so small that it
 * is not worth waking the pump for can be sent by others: {@link #trySendNext}.
 *
 * @param <T> what is sent
 */
final class Outlet<T> {
  private final ServerCallStreamObserver<T> observer;
  private final Draining draining;
  private final SendRoom room;
  private final int share;
  private final AtomicBoolean gone = new AtomicBoolean();

  /** Small events are sent together also where little may wait. */
  private static final int LEAST_BATCH = 8 << 10;

  private final Runnable bell = this::ring;
  private final Context context = Context.current();
  private volatile @Nullable Thread pump;
  private volatile boolean cancelled;
  private final Alarm alarm = new Alarm();
  private final ReentrantLock sending = new ReentrantLock();
  private boolean over; // guarded by sending
  private volatile long lastSent = System.nanoTime();

  /** Must be made in the method that the call comes in: handlers cannot be set later. */
  Outlet(ServerCallStreamObserver<T> observer, Draining draining, SendRoom room) {
    this.observer = observer;
    this.draining = draining;
    this.room = room;
    this.share = room.take();
    observer.setOnReadyThreshold(share);
    observer.setOnReadyHandler(bell);
    observer.setOnCancelHandler(this::cancelled);
    observer.setOnCloseHandler(this::leave);
  }

  private void cancelled() {
    cancel();
    leave();
  }

  private void cancel() {
    cancelled = true;
    ring();
  }

  /** Nothing more of it is in the transport. */
  private void leave() {
    if (gone.compareAndSet(false, true)) {
      room.giveBack(share);
    }
  }

  /** How much should be sent at a time. */
  int batchBytes() {
    return Math.max(LEAST_BATCH, share / 2);
  }

  /**
   * Starts the pump, in the context of the call: work that ends by {@link #complete}, or by an
   * exception that the client is told.
   */
  void start(String name, Pump work) {
    final Thread starting =
        Thread.ofVirtual()
            .name(name)
            .unstarted(
                context.wrap(() -> {
                  // A deadline may not reach the cancel handler.
                  context.addListener(_ -> cancel(), Runnable::run);
                  LogFields.call(CallerContext.current().tenant(), "", "");
                  draining.register(bell);
                  try {
                    work.run();
                  } catch (Throwable e) {
                    fail(e);
                  } finally {
                    draining.unregister(bell);
                    alarm.close();
                  }
                }));
    // First, or a bell that rings at once would ring for nobody.
    pump = starting;
    starting.start();
  }

  /** The work of a stream. */
  interface Pump {
    /** Runs until the stream has ended. */
    void run() throws Exception;
  }

  /** Wakes the pump. From any thread. */
  void ring() {
    LockSupport.unpark(pump);
  }

  boolean isCancelled() {
    return cancelled || observer.isCancelled();
  }

  boolean isReady() {
    return observer.isReady();
  }

  /** Waits for the bell, or until so many nanoseconds have passed. */
  void await(long nanos) {
    alarm.park(nanos);
  }

  void send(T message) {
    sending.lock();
    try {
      observer.onNext(message);
    } finally {
      sending.unlock();
    }
    lastSent = System.nanoTime();
  }

  /** Sends what is next, if there is something; false if not. */
  boolean sendNext(Supplier<? extends @Nullable T> next) {
    sending.lock();
    try {
      return sendLocked(next);
    } finally {
      sending.unlock();
    }
  }

  /**
   * Sends what is next from another thread than the pump, which need not be woken then. Never
   * waits.
   *
   * @return false if that is not possible just now, or there is nothing
   */
  boolean trySendNext(Supplier<? extends @Nullable T> next) {
    if (!sending.tryLock()) {
      return false;
    }
    try {
      return !over && !isCancelled() && observer.isReady() && sendLocked(next);
    } finally {
      sending.unlock();
    }
  }

  private boolean sendLocked(Supplier<? extends @Nullable T> next) {
    final T message = next.get();
    if (message != null) {
      observer.onNext(message);
      lastSent = System.nanoTime();
    }
    return message != null;
  }

  /** How long ago something was sent, in nanoseconds. */
  long sinceSent() {
    return System.nanoTime() - lastSent;
  }

  void complete() {
    end(observer::onCompleted);
  }

  private void fail(Throwable cause) {
    end(() -> observer.onError(Errors.status(cause)));
  }

  private void end(Runnable saying) {
    sending.lock();
    try {
      over = true;
      if (!isCancelled()) {
        saying.run();
      }
    } finally {
      sending.unlock();
    }
  }
}
