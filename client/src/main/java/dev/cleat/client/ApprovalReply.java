package dev.cleat.client;

import dev.cleat.v1.ApprovalDecision;
import dev.cleat.v1.ResolveApprovalRequest;

/**
 * The answer to an agent's question, for {@link Session#resolve}. Immutable: each method returns a
 * changed copy.
 */
public final class ApprovalReply {
  private final ResolveApprovalRequest request;

  private ApprovalReply(ResolveApprovalRequest request) {
    this.request = request;
  }

  /** It may, this time where the agent tells that apart. */
  public static ApprovalReply allow(String approvalId) {
    return of(approvalId, ApprovalDecision.APPROVAL_DECISION_ALLOWED);
  }

  /** It may not, this time where the agent tells that apart. */
  public static ApprovalReply deny(String approvalId) {
    return of(approvalId, ApprovalDecision.APPROVAL_DECISION_DENIED);
  }

  /** In the words of this option of the agent's, which must fit the decision. */
  public ApprovalReply option(String optionId) {
    return new ApprovalReply(request.toBuilder().setOptionId(optionId).build());
  }

  /** What the caller calls itself, for the journal; up to 200 characters. */
  public ApprovalReply by(String caller) {
    return new ApprovalReply(request.toBuilder().setBy(caller).build());
  }

  ResolveApprovalRequest toRequest(String sessionId) {
    return request.toBuilder().setSessionId(sessionId).build();
  }

  private static ApprovalReply of(String approvalId, ApprovalDecision decision) {
    return new ApprovalReply(
        ResolveApprovalRequest.newBuilder()
            .setApprovalId(approvalId)
            .setDecision(decision)
            .build());
  }
}
