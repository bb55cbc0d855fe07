package dev.cleat.server.tool.agent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalOption;
import dev.cleat.v1.ApprovalOptionKind;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** The questions that wait for an answer. */
final class AcpQuestions {
  private final RpcPeer peer;
  private final Map<String, JsonNode> open = new LinkedHashMap<>();

  AcpQuestions(RpcPeer peer) {
    this.peer = peer;
  }

  /** Takes a question, and gives it the name by which it is answered. */
  Approval.Builder ask(JsonNode rpcId, JsonNode params, AcpToolCall call) {
    // Not a number: the session outlives this process of the agent, and its questions with it.
    String id = UUID.randomUUID().toString();
    open.put(id, rpcId);
    Approval.Builder approval =
        Approval.newBuilder()
            .setId(id)
            .setCallId(call.id())
            .setTool(call.name())
            .setQuestion(call.title().isEmpty() ? call.name() : call.title())
            .setInputJson(call.inputJson());
    for (JsonNode option : params.path("options")) {
      approval.addOptions(
          ApprovalOption.newBuilder()
              .setId(AcpJson.text(option, "optionId"))
              .setName(AcpJson.text(option, "name"))
              .setKind(kind(AcpJson.text(option, "kind"))));
    }
    return approval;
  }

  /** Answers a question; does nothing when it is not open. */
  void answer(String id, String optionId) {
    JsonNode rpcId = open.remove(id);
    if (rpcId == null) {
      return;
    }
    if (optionId.isEmpty()) {
      cancel(rpcId);
      return;
    }
    ObjectNode result = AcpJson.object();
    result.putObject("outcome").put("outcome", "selected").put("optionId", optionId);
    peer.result(rpcId, result);
  }

  /** Answers all open questions with nothing. */
  void cancelAll() {
    List<JsonNode> all = List.copyOf(open.values());
    open.clear();
    all.forEach(this::cancel);
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
