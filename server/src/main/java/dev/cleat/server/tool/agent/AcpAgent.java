package dev.cleat.server.tool.agent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cleat.v1.Approval;
import dev.cleat.v1.Event;
import dev.cleat.v1.Image;
import dev.cleat.v1.TurnEndReason;
import dev.cleat.v1.Usage;
import dev.cleat.v1.UsageReported;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Our side of the Agent Client Protocol, version 1, with one session in it. Bytes of the agent's
 * standard output go in, bytes for its standard input come out.
 *
 * <p>Not safe for use by several threads: who owns the process calls all of it, one call at a time.
 * It has no thread and no clock of its own, and calls its listener and its output only while it is
 * being called. The listener may call it back, except for {@link #feed}.
 */
public final class AcpAgent {

  /**
   * What it starts with.
   *
   * @param workdir the agent's working directory; absolute
   * @param resumeToken the session to go on with; empty for a new one
   * @param model the model to begin with; empty for the agent's own choice
   * @param role what it is to be told that it is; empty for nothing in particular
   */
  public record Start(Path workdir, String resumeToken, String model, String role) {}

  private enum State {
    OPENING,
    READY,
    PROMPTED,
    BROKEN
  }

  private final Start start;
  private final AcpListener listener;
  private final RpcPeer peer;
  private final AcpOpening opening;
  private final AcpQuestions questions;
  private final AcpToolCalls calls;
  private final AcpUsage usage;
  private final AcpChoices choices;
  private final AcpUpdates updates;

  private State state = State.OPENING;
  private String sessionId = "";
  private boolean promptSent;
  private boolean cancelling;

  /**
   * An agent that has said nothing yet.
   *
   * @param out takes whole messages for the agent's standard input, in order
   */
  public AcpAgent(Start start, Consumer<byte[]> out, AcpListener listener) {
    this.start = start;
    this.listener = listener;
    this.peer = new RpcPeer(out, new FromAgent());
    this.opening = new AcpOpening(start, peer, new Opened());
    this.questions = new AcpQuestions(peer);
    this.calls = new AcpToolCalls(listener);
    this.usage = new AcpUsage(!start.resumeToken().isEmpty());
    this.choices = new AcpChoices(peer, listener);
    this.updates = new AcpUpdates(listener, calls, usage, choices);
  }

  /** Begins to speak. To be called once, when the agent's process runs. */
  public void start() {
    opening.begin();
  }

  /** Takes bytes of the agent's standard output as they come, cut anywhere. */
  public void feed(byte[] bytes, int from, int count) {
    peer.feed(bytes, from, count);
  }

  /** Whether the session is there and no prompt is under way. */
  public boolean isReady() {
    return state == State.READY;
  }

  /** Whether prompts may have pictures. Known when the agent is ready. */
  public boolean takesImages() {
    return opening.takesImages();
  }

  /**
   * Gives the agent a prompt, when it is ready. Its end is told by {@link AcpListener#ended}.
   *
   * @param images only when it takes images
   * @param model the model to change to before it; empty to leave it as it is. When the agent does
   *     not take it, the prompt is not sent; when the agent offers no change at all, that is told
   *     and the prompt is sent
   * @param mode the mode to change to before it; empty to leave it as it is. When the agent does
   *     not take it, or has no such mode, the prompt is not sent
   */
  public void prompt(String text, List<Image> images, String model, String mode) {
    if (!isReady()) {
      throw new IllegalStateException("The agent is not ready for a prompt: " + state);
    }
    state = State.PROMPTED;
    promptSent = false;
    cancelling = false;
    usage.turnBegins();
    updates.turnBegins();
    choices.changeModel(
        model,
        updates::error,
        changed -> {
          if (changed.failed()) {
            go("the agent" + refusal(model, changed), text, images);
          } else if (cancelling) {
            go("", text, images);
          } else {
            choices.changeMode(mode, refused -> go(refused, text, images));
          }
        });
  }

  private static String refusal(String model, RpcReply reply) {
    return " does not take the model '" + model + "': " + reply.message();
  }

  /** The agent is as it is to be for the prompt, if nothing was refused. */
  private void go(String refused, String text, List<Image> images) {
    if (cancelling) {
      end(AcpOutcomes.cancelled());
    } else if (refused.isEmpty()) {
      sendPrompt(text, images);
    } else {
      end(
          new Outcome(
              TurnEndReason.TURN_END_REASON_AGENT_ERROR, "The prompt was not sent, as " + refused));
    }
  }

  /**
   * Asks the agent to give up the prompt that is under way; it ends when the agent says so. Open
   * questions are answered with nothing, and those that it still asks are not told any more.
   */
  public void cancel() {
    if (state != State.PROMPTED) {
      return;
    }
    cancelling = true;
    if (promptSent) {
      peer.notify("session/cancel", AcpJson.object().put("sessionId", sessionId));
    }
    questions.cancelAll();
  }

  /**
   * Answers a question. Does nothing when it is not open any more.
   *
   * @param optionId one of its options; empty for none of them
   */
  public void answer(String approvalId, String optionId) {
    questions.answer(approvalId, optionId);
  }

  private void sendPrompt(String text, List<Image> images) {
    ObjectNode params = AcpJson.object().put("sessionId", sessionId);
    ArrayNode prompt = params.putArray("prompt");
    if (!text.isEmpty()) {
      prompt.addObject().put("type", "text").put("text", text);
    }
    for (Image image : images) {
      String data = Base64.getEncoder().encodeToString(image.getData().toByteArray());
      prompt
          .addObject()
          .put("type", "image")
          .put("mimeType", image.getMimeType())
          .put("data", data);
    }
    promptSent = true;
    peer.request("session/prompt", params, this::answered);
  }

  private void answered(RpcReply reply) {
    calls.flush();
    Usage used = usage.turnEnds(reply.result());
    if (!used.equals(Usage.getDefaultInstance())) {
      listener.said(Event.newBuilder().setUsageReported(UsageReported.newBuilder().setUsage(used)));
    }
    Outcome outcome = AcpOutcomes.of(reply, cancelling);
    String trouble = updates.trouble();
    end(
        outcome.succeeded() && trouble != null
            ? new Outcome(TurnEndReason.TURN_END_REASON_AGENT_ERROR, trouble)
            : outcome);
  }

  private void end(Outcome outcome) {
    // Nobody can answer those that are still open.
    questions.cancelAll();
    // Before it is told, so that the listener can give the next prompt at once.
    state = State.READY;
    listener.ended(outcome);
  }

  private void fail(String message) {
    calls.flush();
    state = State.BROKEN;
    peer.close();
    listener.broken(Texts.cut(message, Texts.MOST_MESSAGE_BYTES));
  }

  private final class Opened implements AcpOpening.Then {
    @Override
    public void opened(String id, JsonNode session) {
      sessionId = id;
      if (OwnSession.isUsable(id)) {
        listener.resumable(id);
      } else {
        updates.error(OwnSession.TROUBLE);
      }
      choices.opened(id, session);
      choices.changeModel(
          start.model(),
          updates::error,
          changed -> {
            if (changed.failed()) {
              failed("The agent" + refusal(start.model(), changed));
            } else {
              state = State.READY;
              listener.ready();
            }
          });
    }

    @Override
    public void failed(String message) {
      fail(message);
    }
  }

  private final class FromAgent implements RpcPeer.Handler {
    @Override
    public void notified(String method, JsonNode params, String line) {
      String of = AcpJson.text(params, "sessionId");
      // What other sessions of the agent say, such as those of its helpers, is kept apart.
      boolean ours = of.isEmpty() || sessionId.isEmpty() || of.equals(sessionId);
      boolean update = method.equals("session/update");
      if (update && opening.replaying()) {
        updates.replayed(params.path("update"));
      } else if (update && ours) {
        updates.update(params.path("update"), line);
      } else {
        updates.asItCame(line);
      }
    }

    @Override
    public void request(JsonNode id, String method, JsonNode params, String line) {
      if (!method.equals("session/request_permission")) {
        peer.error(id, RpcPeer.METHOD_NOT_FOUND, "Method not found: " + Texts.cut(method, 200));
        updates.asItCame(line);
        return;
      }
      AcpToolCall call = calls.asked(params.path("toolCall"));
      // It may have asked before it heard that the prompt is cancelled.
      if (cancelling && state == State.PROMPTED) {
        questions.cancel(id);
        return;
      }
      Optional<Approval.Builder> approval = questions.ask(id, params, call);
      if (approval.isPresent()) {
        listener.asked(approval.get());
      } else {
        questions.cancel(id);
        updates.error(
            "The agent asks too much at once; a question of its was answered with nothing.");
      }
    }

    @Override
    public void stray(String line) {
      updates.asItCame(line);
    }

    @Override
    public void broken(String message) {
      fail(message);
    }
  }
}
