package dev.cleat.server.tool.agent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalOption;
import dev.cleat.v1.ApprovalOptionKind;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** The questions that wait for an answer. */
final class AcpQuestions {
  private static final int MOST_OPTIONS = 30;
  private static final int MOST_NAME_BYTES = 400;

  /** Every session is told with all of its questions that wait. */
  private static final int MOST_OPEN_BYTES = 1024 * 1024;

  /** What the session adds to each: itself, the turn, and times. */
  private static final int ADDED_BYTES = 300;

  /**
   * A question that waits.
   *
   * @param rpcId what the agent calls it
   * @param options the agent's ids of its options, by those that were told
   * @param bytes of all that was told
   */
  private record Open(JsonNode rpcId, Map<String, String> options, int bytes) {}

  private final RpcPeer peer;
  private final Map<String, Open> open = new LinkedHashMap<>();

  AcpQuestions(RpcPeer peer) {
    this.peer = peer;
  }

  /**
   * Takes a question, and gives it the name by which it is answered.
   *
   * @return empty if there is no room for it, and it was not taken
   */
  Optional<Approval.Builder> ask(JsonNode rpcId, JsonNode params, AcpToolCall call) {
    // Not a number: the session outlives this process of the agent, and its questions with it.
    String id = UUID.randomUUID().toString();
    Approval.Builder approval =
        Approval.newBuilder()
            .setId(id)
            .setCallId(call.id())
            .setTool(call.name())
            .setQuestion(call.title().isEmpty() ? call.name() : call.title())
            .setInputJson(call.inputJson());
    Map<String, String> options = new HashMap<>();
    for (JsonNode option : params.path("options")) {
      if (approval.getOptionsCount() == MOST_OPTIONS) {
        break;
      }
      String optionId = AcpJson.text(option, "optionId");
      String told = Texts.id(optionId);
      options.putIfAbsent(told, optionId);
      approval.addOptions(
          ApprovalOption.newBuilder()
              .setId(told)
              .setName(Texts.cut(AcpJson.text(option, "name"), MOST_NAME_BYTES))
              .setKind(kind(AcpJson.text(option, "kind"))));
    }
    int bytes = approval.build().getSerializedSize() + ADDED_BYTES;
    if (bytes + open.values().stream().mapToInt(Open::bytes).sum() > MOST_OPEN_BYTES) {
      return Optional.empty();
    }
    open.put(id, new Open(rpcId, options, bytes));
    return Optional.of(approval);
  }

  /** Answers a question; does nothing when it is not open. */
  void answer(String id, String optionId) {
    Open asked = open.remove(id);
    if (asked == null) {
      return;
    }
    String agentsId = asked.options().getOrDefault(optionId, "");
    if (agentsId.isEmpty()) {
      cancel(asked.rpcId());
      return;
    }
    ObjectNode result = AcpJson.object();
    result.putObject("outcome").put("outcome", "selected").put("optionId", agentsId);
    peer.result(asked.rpcId(), result);
  }

  /** Answers all open questions with nothing. */
  void cancelAll() {
    List<Open> all = List.copyOf(open.values());
    open.clear();
    all.forEach(asked -> cancel(asked.rpcId()));
  }

  /** Answers a question that is asked of nobody. */
  void cancel(JsonNode rpcId) {
    ObjectNode result = AcpJson.object();
    result.putObject("outcome").put("outcome", "cancelled");
    peer.result(rpcId, result);
  }

  private static ApprovalOptionKind kind(String kind) {
    return switch (kind) {
      case "allow_once" -> ApprovalOptionKind.APPROVAL_OPTION_KIND_ALLOW_ONCE;
      case "allow_always" -> ApprovalOptionKind.APPROVAL_OPTION_KIND_ALLOW_ALWAYS;
      case "reject_once" -> ApprovalOptionKind.APPROVAL_OPTION_KIND_DENY_ONCE;
      case "reject_always" -> ApprovalOptionKind.APPROVAL_OPTION_KIND_DENY_ALWAYS;
      default -> ApprovalOptionKind.APPROVAL_OPTION_KIND_UNSPECIFIED;
    };
  }
}
