package dev.cleat.server.session;

import dev.cleat.v1.ResizePolicy;
import dev.cleat.v1.TerminalSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The clients of a session, and whose window decides how large its terminal is. Thread-safe; its
 * own lock is held over no other and no callback.
 */
final class Sizes {
  /** Those that came first are first. */
  private final List<Client> clients = new ArrayList<>(1);

  /**
   * Those that have had a window, and the last that typed or resized, or came with one, is last.
   */
  private final List<Client> active = new ArrayList<>(1);

  private volatile @Nullable Client latest;

  synchronized int count() {
    return clients.size();
  }

  synchronized void add(Client client) {
    clients.add(client);
    if (client.size() != null) {
      active(client);
    }
  }

  void sayOver() {
    all().forEach(Client::sessionOver);
  }

  private synchronized List<Client> all() {
    return List.copyOf(clients);
  }

  /** Takes a client out; whether it was there. */
  synchronized boolean remove(Client client) {
    active.remove(client);
    latest = active.isEmpty() ? null : active.getLast();
    return clients.remove(client);
  }

  /** Whether this writer is known to be the last that typed or resized. */
  boolean isLatest(Client client) {
    return latest == client;
  }

  /** It types or resizes, if it has not gone. */
  synchronized void active(Client client) {
    if (clients.contains(client)) {
      active.remove(client);
      active.add(client);
      latest = client;
    }
  }

  /** The size that the policy asks for; empty when no writer has one. */
  synchronized Optional<TerminalSize> wanted(ResizePolicy policy) {
    return switch (policy) {
      case RESIZE_POLICY_FIXED -> Optional.empty();
      case RESIZE_POLICY_OWNER -> sizes(clients).findFirst();
      case RESIZE_POLICY_SMALLEST -> sizes(clients).reduce(Sizes::smaller);
      case RESIZE_POLICY_LATEST, RESIZE_POLICY_UNSPECIFIED, UNRECOGNIZED ->
          sizes(active.reversed()).findFirst();
    };
  }

  private static Stream<TerminalSize> sizes(List<Client> clients) {
    return clients.stream().map(Client::size).filter(Objects::nonNull);
  }

  private static TerminalSize smaller(TerminalSize a, TerminalSize b) {
    return TerminalSize.newBuilder()
        .setRows(Math.min(a.getRows(), b.getRows()))
        .setColumns(Math.min(a.getColumns(), b.getColumns()))
        .build();
  }
}
