package dev.cleat.client;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A session as it was at one moment. Immutable.
 *
 * @param raw everything there is, as the contract has it; the other methods read from it
 */
public record SessionInfo(dev.cleat.v1.Session raw) {

  /** Where a session is in its life. */
  public enum State {
    /** A state that this version of the library does not know. */
    UNKNOWN,
    /** Its process is being started. */
    STARTING,
    /** Its process runs. */
    RUNNING,
    /** Its process is stopped by Pause. */
    PAUSED,
    /** It has been told to end and has not ended yet. */
    STOPPING,
    /** Its process has ended. */
    EXITED,
    /** Its process could not be started. */
    FAILED,
    /** Its process went down with the server that ran it. */
    LOST;

    /** True where there is a process. */
    public boolean alive() {
      return this == STARTING || this == RUNNING || this == PAUSED || this == STOPPING;
    }
  }

  /** What the tool is doing. */
  public enum Activity {
    /** Waiting for a prompt. */
    IDLE,
    /** Working. */
    BUSY,
    /** Waiting for a question of its agent to be answered; see {@link Session#approvals}. */
    WAITING_FOR_APPROVAL,
    /** Nothing says what it is doing, or no process runs. */
    UNKNOWN
  }

  /** The identifier. */
  public String id() {
    return raw.getId();
  }

  /** The name; empty when it has none. */
  public String name() {
    return raw.getName();
  }

  /** The tenant that it belongs to. */
  public String tenant() {
    return raw.getTenant();
  }

  /** Who owns it: the subject of whoever created it; empty when it is nobody's. */
  public String owner() {
    return raw.getOwner();
  }

  /** The tool of the catalogue that it runs. */
  public String tool() {
    return raw.getTool();
  }

  /** Where it is in its life. */
  public State state() {
    return Names.of(State.class, "SESSION_STATE_", raw.getState(), State.UNKNOWN);
  }

  /** What the tool is doing. */
  public Activity activity() {
    return Names.of(
        Activity.class, "ACTIVITY_STATE_", raw.getActivity().getState(), Activity.UNKNOWN);
  }

  /** How its last process ended; empty while none has. */
  public Optional<Exit> exit() {
    return Optional.ofNullable(Exit.of(raw.getExit()));
  }

  /** Why it failed, was lost or was stopped, in words for a person; often empty. */
  public String statusMessage() {
    return raw.getStatusMessage();
  }

  /** The working directory of its process. */
  public String workdir() {
    return raw.getWorkdir();
  }

  /** Arguments after the tool's own. */
  public List<String> args() {
    return raw.getArgsList();
  }

  /** Its labels. */
  public Map<String, String> labels() {
    return raw.getLabelsMap();
  }

  /** The terminal's rows. */
  public int rows() {
    return raw.getSize().getRows();
  }

  /** The terminal's columns. */
  public int columns() {
    return raw.getSize().getColumns();
  }

  /** The place behind its newest event. */
  public Position head() {
    return new Position(raw.getEpoch(), raw.getHeadSeq());
  }

  /** How many bytes it has printed in its life. */
  public long outputBytes() {
    return raw.getOutputBytes();
  }

  /** How often its process has been started: 1 for the first. */
  public int run() {
    return raw.getRun();
  }

  /** How many clients are attached. */
  public int clients() {
    return raw.getClientCount();
  }

  /** When it was created. */
  public Instant created() {
    return Times.of(raw.getCreateTime());
  }

  /** How its tool takes prompts. */
  public PromptWay way() {
    return PromptWay.of(raw.getPromptWay());
  }

  /**
   * What the tool calls its own session: with it, the conversation goes on in another process.
   * Empty when there is none yet.
   */
  public String resumeToken() {
    return raw.getResumeToken();
  }

  /** The mode that its agent is to be in; empty for the agent's own choice. */
  public String agentMode() {
    return raw.getAgentMode();
  }

  /** The mode that its agent is in, as it says itself; empty while it has not. */
  public String currentAgentMode() {
    return raw.getAgentModes().getCurrentId();
  }

  /** The modes that its agent offers; empty while it has not said so, or when it has none. */
  public List<AgentMode> agentModes() {
    return AgentMode.of(raw.getAgentModes());
  }

  /** What becomes of it when its process goes down with the server. */
  public RevivePolicy revive() {
    return RevivePolicy.of(raw.getRevive());
  }

  /** What all its turns have used of models, as far as the tool says. */
  public Usage usage() {
    return Usage.of(raw.getUsage());
  }

  /** The questions of its agent that wait for an answer, oldest first. */
  public List<Approval> pendingApprovals() {
    return raw.getPendingApprovalsList().stream().map(Approval::new).toList();
  }

  /** The address of the model's API that the tool was given; empty for the tool's own. */
  public String endpoint() {
    return raw.getEndpoint();
  }

  /** What its agent is told that it is; empty for nothing in particular. */
  public String role() {
    return raw.getRole();
  }

  /** The git repository that its working directory is in; empty when it is in none. */
  public Optional<GitInfo> git() {
    return raw.hasGit() ? Optional.of(new GitInfo(raw.getGit())) : Optional.empty();
  }

  /** How many media files are kept track of; see {@link Session#artifacts()}. */
  public int artifactCount() {
    return raw.getArtifactCount();
  }

  @Override
  public String toString() {
    return "SessionInfo[id="
        + id()
        + ", name="
        + name()
        + ", tool="
        + tool()
        + ", state="
        + state()
        + "]";
  }
}
