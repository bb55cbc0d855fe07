package dev.cleat.server.session;

import dev.cleat.v1.Activity;
import dev.cleat.v1.ActivityChanged;
import dev.cleat.v1.ActivityState;
import dev.cleat.v1.AgentModeChanged;
import dev.cleat.v1.AgentModes;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalAnswer;
import dev.cleat.v1.ApprovalRequested;
import dev.cleat.v1.ApprovalResolved;
import dev.cleat.v1.Artifact;
import dev.cleat.v1.ArtifactFound;
import dev.cleat.v1.ArtifactRemovalReason;
import dev.cleat.v1.ArtifactRemoved;
import dev.cleat.v1.CommandEnded;
import dev.cleat.v1.CommandStarted;
import dev.cleat.v1.Created;
import dev.cleat.v1.DirectoryChanged;
import dev.cleat.v1.Event;
import dev.cleat.v1.EvidenceSource;
import dev.cleat.v1.Exit;
import dev.cleat.v1.Exited;
import dev.cleat.v1.GitChanged;
import dev.cleat.v1.GitState;
import dev.cleat.v1.Notified;
import dev.cleat.v1.PromptShown;
import dev.cleat.v1.PromptWay;
import dev.cleat.v1.PromptWayChanged;
import dev.cleat.v1.Resized;
import dev.cleat.v1.ResumeTokenFound;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.StateChanged;
import dev.cleat.v1.TerminalSize;
import dev.cleat.v1.TitleChanged;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnChanged;
import dev.cleat.v1.TurnState;
import dev.cleat.v1.Updated;
import dev.cleat.v1.UsageAdded;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Makes the events of a session, without number and time: those come with the appending. */
final class Events {
  private Events() {}

  static Event.Builder created(Session session) {
    return Event.newBuilder().setCreated(Created.newBuilder().setSession(session));
  }

  static Event.Builder state(SessionState state, int run, String message) {
    return Event.newBuilder()
        .setStateChanged(StateChanged.newBuilder().setState(state).setRun(run).setMessage(message));
  }

  static Event.Builder resized(TerminalSize size) {
    return Event.newBuilder().setResized(Resized.newBuilder().setSize(size));
  }

  static Event.Builder exited(@Nullable Exit exit, int run) {
    final Exited.Builder exited = Exited.newBuilder().setRun(run);
    if (exit != null) {
      exited.setExit(exit);
    }
    return Event.newBuilder().setExited(exited);
  }

  /** The prompt stands in the first event of a turn only. */
  static Event.Builder turn(Turn turn) {
    final Turn said =
        turn.getState() == TurnState.TURN_STATE_ACCEPTED
            ? turn
            : turn.toBuilder().clearPrompt().build();
    return Event.newBuilder().setTurnChanged(TurnChanged.newBuilder().setTurn(said));
  }

  static Event.Builder promptShown(long offset) {
    return Event.newBuilder().setPromptShown(PromptShown.newBuilder().setOffset(offset));
  }

  static Event.Builder commandStarted(long offset, String turnId) {
    return Event.newBuilder()
        .setCommandStarted(CommandStarted.newBuilder().setOffset(offset).setTurnId(turnId));
  }

  static Event.Builder commandEnded(int code, Evidence start, Evidence end, String turnId) {
    return Event.newBuilder()
        .setCommandEnded(
            CommandEnded.newBuilder()
                .setExitCode(code)
                .setStartOffset(start.offset())
                .setEndOffset(end.offset())
                .setDuration(Times.duration(Duration.between(start.time(), end.time())))
                .setTurnId(turnId));
  }

  static Event.Builder title(String title) {
    return Event.newBuilder().setTitleChanged(TitleChanged.newBuilder().setTitle(title));
  }

  static Event.Builder directory(String directory) {
    return Event.newBuilder()
        .setDirectoryChanged(DirectoryChanged.newBuilder().setDirectory(directory));
  }

  static Event.Builder notified(String text) {
    return Event.newBuilder().setNotified(Notified.newBuilder().setText(text));
  }

  static Event.Builder resumable(String token) {
    return Event.newBuilder().setResumeTokenFound(ResumeTokenFound.newBuilder().setToken(token));
  }

  static Event.Builder agentMode(AgentModes modes, boolean byAgent) {
    return Event.newBuilder()
        .setAgentModeChanged(AgentModeChanged.newBuilder().setModes(modes).setByAgent(byAgent));
  }

  static Event.Builder promptWay(PromptWay from, PromptWay to, String why) {
    return Event.newBuilder()
        .setPromptWayChanged(PromptWayChanged.newBuilder().setFrom(from).setTo(to).setMessage(why));
  }

  /** The last of its additions is new. */
  static Event.Builder usageAdded(Turn turn) {
    return Event.newBuilder().setUsageAdded(UsageAdded.newBuilder().setTurn(turn));
  }

  static Event.Builder asked(Approval question) {
    return Event.newBuilder()
        .setApprovalRequested(ApprovalRequested.newBuilder().setApproval(question));
  }

  static Event.Builder decided(Approval question, ApprovalAnswer answer) {
    return Event.newBuilder()
        .setApprovalResolved(
            ApprovalResolved.newBuilder().setApproval(question.toBuilder().setAnswer(answer)));
  }

  static Event.Builder busy(EvidenceSource source, long seq) {
    return activity(ActivityState.ACTIVITY_STATE_BUSY, source, seq);
  }

  static Event.Builder idle(EvidenceSource source, long seq) {
    return activity(ActivityState.ACTIVITY_STATE_IDLE, source, seq);
  }

  static Event.Builder activity(ActivityState state, EvidenceSource source, long seq) {
    return Event.newBuilder()
        .setActivityChanged(
            ActivityChanged.newBuilder()
                .setActivity(
                    Activity.newBuilder().setState(state).setSource(source).setEvidenceSeq(seq)));
  }

  static Event.Builder artifactFound(Artifact artifact) {
    return Event.newBuilder().setArtifactFound(ArtifactFound.newBuilder().setArtifact(artifact));
  }

  static Event.Builder artifactRemoved(String id, ArtifactRemovalReason reason) {
    return Event.newBuilder()
        .setArtifactRemoved(ArtifactRemoved.newBuilder().setArtifactId(id).setReason(reason));
  }

  static Event.Builder git(Optional<GitState> state) {
    final GitChanged.Builder changed = GitChanged.newBuilder();
    state.ifPresent(changed::setState);
    return Event.newBuilder().setGitChanged(changed);
  }

  static Event.Builder updated(Session session, Collection<String> fields) {
    return Event.newBuilder()
        .setUpdated(Updated.newBuilder().setSession(session).addAllFields(fields));
  }
}
