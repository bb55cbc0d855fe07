package dev.cleat.server.session;

import com.google.protobuf.ByteString;
import dev.cleat.v1.AgentModeChanged;
import dev.cleat.v1.Created;
import dev.cleat.v1.Event;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.PromptWayChanged;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.StateChanged;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import dev.cleat.v1.UsageAdded;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a session's journal comes to, up to a number: the session as clients see it, and the turns
 * that have changed since they were last saved. Pure: it is fed events and answers. The same code
 * runs while a session lives and when its journal is read again after a crash, which is why the two
 * cannot disagree.
 *
 * <p>Confined to the session's lock.
 */
final class Fold {
  private static final Set<TurnState> ENDED =
      Set.of(
          TurnState.TURN_STATE_SUCCEEDED,
          TurnState.TURN_STATE_FAILED,
          TurnState.TURN_STATE_TIMED_OUT,
          TurnState.TURN_STATE_CANCELLED,
          TurnState.TURN_STATE_UNCERTAIN);

  private final Session.Builder session;
  private final Map<String, Turn> openTurns = new LinkedHashMap<>();
  private final ChangedTurns changedTurns = new ChangedTurns();
  private final FoldedArtifacts artifacts;
  private long seq;
  private long outputBytes;
  private @Nullable Instant lastOutput;

  /** Nothing yet: the first event will be {@code created}. */
  Fold() {
    session = Session.newBuilder();
    artifacts = new FoldedArtifacts(List.of());
  }

  /**
   * As it was saved.
   *
   * @param session the session at {@code seq}
   * @param seq the number folded so far
   * @param open the turns that have not ended
   * @param files its media files, oldest first
   */
  Fold(Session session, long seq, Collection<Turn> open, Collection<FoldedArtifacts.Kept> files) {
    this.session = session.toBuilder().setTenant(SessionKey.tenant(session));
    this.artifacts = new FoldedArtifacts(files);
    this.seq = seq;
    this.outputBytes = session.getOutputBytes();
    if (session.hasLastOutputTime()) {
      lastOutput = Times.instant(session.getLastOutputTime());
    }
    open.forEach(turn -> openTurns.put(turn.getId(), turn));
  }

  static boolean ended(TurnState state) {
    return ENDED.contains(state);
  }

  static boolean ended(SessionState state) {
    return switch (state) {
      case SESSION_STATE_EXITED, SESSION_STATE_FAILED, SESSION_STATE_LOST -> true;
      default -> false;
    };
  }

  /** The states of which this is true, as the store numbers them. */
  static Set<Integer> statesWhere(Predicate<SessionState> rule) {
    return Arrays.stream(SessionState.values())
        .filter(state -> state != SessionState.UNRECOGNIZED && rule.test(state))
        .map(SessionState::getNumber)
        .collect(Collectors.toSet());
  }

  /** The number folded so far. */
  long seq() {
    return seq;
  }

  /** How many bytes have been printed. */
  long outputBytes() {
    return outputBytes;
  }

  SessionState state() {
    return session.getState();
  }

  /**
   * The session, to be read only. Its output figures are not kept up to date; see {@link
   * #snapshot}.
   */
  dev.cleat.v1.SessionOrBuilder session() {
    return session;
  }

  /** The session with all that the fold knows. */
  Session.Builder snapshot() {
    final Session.Builder copy = session.clone().setOutputBytes(outputBytes);
    if (lastOutput != null) {
      copy.setLastOutputTime(Times.timestamp(lastOutput));
      if (!copy.hasLastActivityTime()
          || Times.instant(copy.getLastActivityTime()).isBefore(lastOutput)) {
        copy.setLastActivityTime(copy.getLastOutputTime());
      }
    }
    return copy;
  }

  /** Turns that have not ended, oldest first, with their prompts. */
  List<Turn> openTurns() {
    return List.copyOf(openTurns.values());
  }

  /** A turn that has not ended, or has not been saved since; null otherwise. */
  @Nullable Turn turn(String id) {
    final Turn changed = changedTurns.find(id);
    return changed != null ? changed : openTurns.get(id);
  }

  /** The newest turn of this request that has not ended, or has not been saved since. */
  Optional<Turn> requested(String requestId) {
    return Stream.concat(openTurns.values().stream(), changedTurns.all())
        .filter(turn -> turn.getRequestId().equals(requestId))
        .max(Comparator.comparingLong(Turn::getNumber));
  }

  /** Its turns that have changed since they were saved. */
  ChangedTurns changedTurns() {
    return changedTurns;
  }

  /** Its media files. */
  FoldedArtifacts artifacts() {
    return artifacts;
  }

  /** Output was appended. The one step that runs for every read of a terminal. */
  void output(long number, long endOffset, Instant time) {
    seq = number;
    outputBytes = endOffset;
    lastOutput = time;
  }

  /** An event was appended, or is read again. */
  void apply(Event event) {
    switch (event.getKindCase()) {
      case OUTPUT -> {
        final ByteString data = event.getOutput().getData();
        output(
            event.getSeq(),
            event.getOutput().getOffset() + data.size(),
            Times.instant(event.getTime()));
        return;
      }
      case CREATED -> created(event.getCreated(), event);
      case STATE_CHANGED -> stateChanged(event.getStateChanged(), event);
      case RESIZED -> session.setSize(event.getResized().getSize());
      case EXITED -> {
        if (event.getExited().hasExit()) {
          session.setExit(event.getExited().getExit());
        }
      }
      case TURN_CHANGED -> turnChanged(event.getTurnChanged().getTurn(), event);
      case TITLE_CHANGED -> session.setTitle(event.getTitleChanged().getTitle());
      case DIRECTORY_CHANGED ->
          session.setCurrentDirectory(event.getDirectoryChanged().getDirectory());
      case ACTIVITY_CHANGED -> session.setActivity(event.getActivityChanged().getActivity());
      case UPDATED -> Settings.copy(event.getUpdated().getSession(), session);
      case APPROVAL_REQUESTED ->
          session.addPendingApprovals(event.getApprovalRequested().getApproval());
      case APPROVAL_RESOLVED -> decided(event.getApprovalResolved().getApproval().getId());
      case RESUME_TOKEN_FOUND ->
          // Another conversation, which has used nothing yet.
          session.setResumeToken(event.getResumeTokenFound().getToken()).clearConversationUsage();
      case USAGE_REPORTED -> {
        if (event.getUsageReported().hasConversation()) {
          session.setConversationUsage(event.getUsageReported().getConversation());
        }
      }
      case GIT_CHANGED -> {
        if (event.getGitChanged().hasState()) {
          session.setGit(event.getGitChanged().getState());
        } else {
          session.clearGit();
        }
      }
      case PROMPT_WAY_CHANGED -> promptWayChanged(event.getPromptWayChanged());
      case AGENT_MODE_CHANGED -> agentModeChanged(event.getAgentModeChanged());
      case USAGE_ADDED -> usageAdded(event.getUsageAdded());
      case ARTIFACT_FOUND -> {
        artifacts.apply(event.getArtifactFound(), event.getSeq());
        session.setArtifactCount(artifacts.count());
      }
      case ARTIFACT_REMOVED -> {
        artifacts.apply(event.getArtifactRemoved());
        session.setArtifactCount(artifacts.count());
      }
      case PROMPT_SHOWN,
          COMMAND_STARTED,
          COMMAND_ENDED,
          NOTIFIED,
          AGENT_TEXT,
          AGENT_THOUGHT,
          TOOL_CALL,
          TOOL_RESULT,
          AGENT_ERROR,
          AGENT_MESSAGE,
          KIND_NOT_SET -> {}
    }
    seq = event.getSeq();
    session.setUpdateTime(event.getTime());
  }

  private void created(Created created, Event event) {
    // With the time of its creation, which is the order of lists and is a moment before this
    // event's.
    session
        .clear()
        .mergeFrom(created.getSession())
        .setTenant(SessionKey.tenant(created.getSession()))
        .setLastActivityTime(event.getTime());
  }

  private void stateChanged(StateChanged change, Event event) {
    session
        .setState(change.getState())
        .setStatusMessage(change.getMessage())
        .setRun(change.getRun());
    switch (change.getState()) {
      case SESSION_STATE_STARTING ->
          session.clearExit().clearEndTime().clearTitle().clearAgentModes();
      case SESSION_STATE_RUNNING -> {
        if (change.getMode() != dev.cleat.v1.SessionMode.SESSION_MODE_UNSPECIFIED) {
          session
              .setMode(change.getMode())
              .setWorkdir(change.getWorkdir())
              .setStartTime(event.getTime())
              .setLastActivityTime(event.getTime());
        }
      }
      case SESSION_STATE_EXITED, SESSION_STATE_FAILED, SESSION_STATE_LOST ->
          session.setEndTime(event.getTime()).clearActivity();
      default -> {}
    }
  }

  /** What could not be started, it and those before the new one, is not tried again. */
  private void promptWayChanged(PromptWayChanged change) {
    final List<PromptWay> ways = session.getFallbackWaysList();
    final List<PromptWay> left =
        List.copyOf(ways.subList(ways.indexOf(change.getTo()) + 1, ways.size()));
    session.setPromptWay(change.getTo()).clearFallbackWays().addAllFallbackWays(left);
  }

  /**
   * What was asked for follows what the agent does by itself: else the next prompt would take it
   * back. What was asked for and has not come to be stays.
   */
  private void agentModeChanged(AgentModeChanged change) {
    final String before = session.getAgentModes().getCurrentId();
    if (change.getByAgent() && !before.isEmpty() && before.equals(session.getAgentMode())) {
      session.setAgentMode(change.getModes().getCurrentId());
    }
    session.setAgentModes(change.getModes());
  }

  private void decided(String approvalId) {
    for (int i = session.getPendingApprovalsCount() - 1; i >= 0; i--) {
      if (session.getPendingApprovals(i).getId().equals(approvalId)) {
        session.removePendingApprovals(i);
      }
    }
  }

  private void usageAdded(UsageAdded added) {
    final Turn turn = added.getTurn();
    session.setUsage(
        Usages.sum(
            session.getUsage(), turn.getAddedUsage(turn.getAddedUsageCount() - 1).getUsage()));
    changedTurns.amended(turn);
  }

  private void turnChanged(Turn change, Event event) {
    final Turn known = openTurns.get(change.getId());
    final Turn turn =
        known == null ? change : change.toBuilder().setPrompt(known.getPrompt()).build();
    if (ended(turn.getState())) {
      openTurns.remove(turn.getId());
      if (turn.hasUsage()) {
        session.setUsage(Usages.sum(session.getUsage(), turn.getUsage()));
      }
    } else {
      openTurns.put(turn.getId(), turn);
    }
    changedTurns.changed(turn);
    session.setTurnCount(Math.max(session.getTurnCount(), turn.getNumber()));
    session.setLastActivityTime(event.getTime());
    String current = "";
    int queued = 0;
    for (Turn open : openTurns.values()) {
      switch (open.getState()) {
        case TURN_STATE_SUBMITTED, TURN_STATE_RUNNING -> current = open.getId();
        default -> queued++;
      }
    }
    session.setCurrentTurnId(current).setQueuedTurnCount(queued);
  }
}
