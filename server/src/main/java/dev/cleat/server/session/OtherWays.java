package dev.cleat.server.session;

import dev.cleat.v1.Event;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts a session in another way where its own cannot be started.
 *
 * <p>Confined to the session's lock.
 */
final class OtherWays {
  private static final Logger LOG = LoggerFactory.getLogger(OtherWays.class);

  private final Shared shared;
  private final SessionKey key;
  private final Map<String, String> env;

  OtherWays(Shared shared, SessionKey key, Map<String, String> env) {
    this.shared = shared;
    this.key = key;
    this.env = env;
  }

  /**
   * A process that was started in another way.
   *
   * @param change says so; it is not in the journal yet
   */
  record Begun(Starter.Started started, Event.Builder change) {}

  /**
   * What came of it.
   *
   * @param begun empty if no other way could be started
   * @param why nothing could be started, then
   */
  record Attempt(Optional<Begun> begun, String why) {}

  /**
   * Starts the first of the ways that can be started, best first.
   *
   * @param session as it is; changed to what is tried
   * @param why its own way could not be started
   */
  Attempt start(Session.Builder session, Run starting, String why) {
    if (!session.getAgentMode().isEmpty()) {
      // Only the first way has modes: what this one forbids would be done in another.
      return new Attempt(Optional.empty(), why);
    }
    final PromptWay from = session.getPromptWay();
    final List<String> reasons = new ArrayList<>(List.of(why));
    for (PromptWay way : session.getFallbackWaysList()) {
      session
          .setPromptWay(way)
          .setMode(
              way == PromptWay.PROMPT_WAY_TERMINAL
                  ? SessionMode.SESSION_MODE_PTY
                  : SessionMode.SESSION_MODE_PIPES);
      try {
        Starter.checkHeadless(shared, key, session, env);
        final Starter.Started started = Starter.start(shared, key, session, env, starting);
        final String said = String.join("; ", reasons);
        return new Attempt(Optional.of(new Begun(started, Events.promptWay(from, way, said))), "");
      } catch (Refusal e) {
        reasons.add("by %s: %s".formatted(Starter.way(way), e.getMessage()));
      } catch (RuntimeException e) {
        LOG.error("Session {} cannot be started by {}", key, Starter.way(way), e);
        reasons.add("by %s: %s".formatted(Starter.way(way), Starter.defect(e)));
      }
    }
    return new Attempt(Optional.empty(), String.join("; ", reasons));
  }
}
