package dev.cleat.server.tool.agent;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cleat.v1.AgentMode;
import dev.cleat.v1.AgentModes;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** The model and the mode of an agent's session: which there are, and how they are changed. */
final class AcpChoices {
  /**
   * Every session that is listed in full has its modes: all of them together are 64 KiB at most.
   */
  private static final int MOST_MODES = 50;

  private static final int LONGEST_ID = 200;
  private static final int MOST_ID_BYTES = 3 * LONGEST_ID;
  private static final int MOST_NAME_BYTES = 200;
  private static final int MOST_DESCRIPTION_BYTES = 400;

  /** As an answer, where nothing was to be asked. */
  private static final RpcReply NOTHING = new RpcReply(false, AcpJson.object(), 0, "");

  private final RpcPeer peer;
  private final AcpListener listener;
  private final AcpChoice model = AcpChoice.ofModel();
  private final AcpChoice mode = AcpChoice.ofMode();
  private AgentModes told = AgentModes.getDefaultInstance();
  private String sessionId = "";
  private boolean changingMode;

  AcpChoices(RpcPeer peer, AcpListener listener) {
    this.peer = peer;
    this.listener = listener;
  }

  /** The session is there, and this was said of it. */
  void opened(String id, JsonNode session) {
    sessionId = id;
    model.read(session);
    mode.read(session);
    tellModes(false);
  }

  /** Takes what the session, or an update, says of its options. */
  void read(JsonNode said) {
    model.read(said);
    mode.read(said);
    tellModes(!changingMode);
  }

  /** The agent says that it is in this mode. */
  void modeBecame(String id) {
    mode.became(id);
    tellModes(!changingMode);
  }

  /** Whether the agent lists such a mode. */
  boolean offersMode(String id) {
    return mode.offers(id);
  }

  /** Tells the modes, when they are others than were told. What comes before the session waits. */
  private void tellModes(boolean byAgent) {
    AgentModes now = modes();
    if (!sessionId.isEmpty() && !now.equals(told)) {
      told = now;
      listener.modes(now, byAgent);
    }
  }

  private AgentModes modes() {
    String current = mode.current();
    AgentModes.Builder modes =
        AgentModes.newBuilder()
            .setCurrentId(current.length() <= LONGEST_ID ? Texts.cut(current, MOST_ID_BYTES) : "");
    mode.offers().stream()
        // One that is longer could not be asked for.
        .filter(offer -> offer.id().length() <= LONGEST_ID)
        .limit(MOST_MODES)
        .forEach(offer ->
            modes.addAvailable(
                AgentMode.newBuilder()
                    .setId(Texts.cut(offer.id(), MOST_ID_BYTES))
                    .setName(Texts.cut(offer.name(), MOST_NAME_BYTES))
                    .setDescription(Texts.cut(offer.description(), MOST_DESCRIPTION_BYTES))));
    return modes.getAvailableCount() == 0 ? AgentModes.getDefaultInstance() : modes.build();
  }

  /**
   * Changes the model where that is needed and offered, and goes on after it.
   *
   * @param error is told when the agent offers no change at all
   */
  void changeModel(String wanted, Consumer<String> error, Consumer<RpcReply> then) {
    if (wanted.isEmpty() || model.isCurrent(wanted)) {
      then.accept(NOTHING);
      return;
    }
    AcpChoice.Change change = model.change(sessionId, wanted);
    if (change == null) {
      error.accept(
          "The agent offers no change of its model; it was not changed to '" + wanted + "'.");
      then.accept(NOTHING);
      return;
    }
    request(model, change, then);
  }

  /**
   * Changes the mode where that is needed, and goes on after it.
   *
   * @param then is given why the agent is not in the mode; nothing when it is
   */
  void changeMode(String wanted, Consumer<String> then) {
    if (wanted.isEmpty() || wanted.equals(mode.current())) {
      then.accept("");
      return;
    }
    // What a mode permits counts: one that is not listed is not tried.
    AcpChoice.Change change = mode.offers(wanted) ? mode.change(sessionId, wanted) : null;
    if (change == null) {
      then.accept(
          told.getAvailableCount() == 0
              ? "the agent has no modes, and cannot be in '" + wanted + "'; clear agent_mode"
              : "the agent has no mode '"
                  + wanted
                  + "'; set agent_mode to one of: "
                  + told.getAvailableList().stream()
                      .map(AgentMode::getId)
                      .collect(Collectors.joining(", ")));
      return;
    }
    changingMode = true;
    request(
        mode,
        change,
        reply -> {
          changingMode = false;
          then.accept(
              reply.failed()
                  ? "the agent does not take the mode '" + wanted + "': " + reply.message()
                  : "");
        });
  }

  private void request(AcpChoice choice, AcpChoice.Change change, Consumer<RpcReply> then) {
    peer.request(
        change.method(),
        change.params(),
        reply -> {
          if (!reply.failed()) {
            choice.changed(change);
            read(reply.result());
          }
          then.accept(reply);
        });
  }
}
