package dev.cleat.server.rpc;

import dev.cleat.server.session.Session;
import dev.cleat.v1.GetScreenRequest;
import dev.cleat.v1.GetScreenResponse;
import dev.cleat.v1.Screen;
import io.grpc.Context;
import java.time.Duration;
import java.util.Optional;

/** The call that answers with a picture. It runs on a virtual thread of its own and may wait. */
final class ScreenRpc {
  private static final Duration LONGEST_LOOK = Duration.ofSeconds(1);

  private final Draining draining;

  ScreenRpc(Draining draining) {
    this.draining = draining;
  }

  GetScreenResponse getScreen(Reach reach, GetScreenRequest request) throws InterruptedException {
    final Session session = reach.session(request.getSessionId(), request.getName());
    final long head = session.journal().head();
    Optional<Screen> screen = Optional.empty();
    while (screen.isEmpty()) {
      draining.refuse();
      if (Context.current().isCancelled()) {
        throw new InterruptedException("the caller has gone");
      }
      screen = session.screen(head, request.getStyles(), request.getRestore(), LONGEST_LOOK);
    }
    return GetScreenResponse.newBuilder().setScreen(screen.get()).build();
  }
}
