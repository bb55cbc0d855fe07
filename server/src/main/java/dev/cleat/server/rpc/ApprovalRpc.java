package dev.cleat.server.rpc;

import dev.cleat.server.session.Session;
import dev.cleat.v1.ApprovalDecision;
import dev.cleat.v1.ListApprovalsRequest;
import dev.cleat.v1.ListApprovalsResponse;
import dev.cleat.v1.ResolveApprovalRequest;
import dev.cleat.v1.ResolveApprovalResponse;
import java.io.IOException;

/** The calls about questions of agents. Each runs on a virtual thread of its own and may wait. */
final class ApprovalRpc {
  private static final int SHORT_TEXT = 200;

  private ApprovalRpc() {}

  static ListApprovalsResponse listApprovals(Reach reach, ListApprovalsRequest request) {
    final Session session = reach.session(request.getSessionId(), request.getName());
    return ListApprovalsResponse.newBuilder()
        .addAllApprovals(session.view().getPendingApprovalsList())
        .build();
  }

  static ResolveApprovalResponse resolveApproval(Reach reach, ResolveApprovalRequest request)
      throws IOException, InterruptedException {
    final Session session = reach.session(request.getSessionId(), request.getName());
    new Checks()
        .require(
            !request.getApprovalId().isEmpty(),
            "approval_id",
            "is required; ListApprovals names those that wait")
        .require(
            request.getDecision() == ApprovalDecision.APPROVAL_DECISION_ALLOWED
                || request.getDecision() == ApprovalDecision.APPROVAL_DECISION_DENIED,
            "decision",
            "must be APPROVAL_DECISION_ALLOWED or APPROVAL_DECISION_DENIED")
        .text("by", request.getBy(), SHORT_TEXT)
        .done();
    final ResolveApprovalResponse response =
        ResolveApprovalResponse.newBuilder()
            .setApproval(
                session.resolve(
                    request.getApprovalId(),
                    request.getDecision(),
                    request.getOptionId(),
                    reach.signature(request.getBy())))
            .build();
    session.journal().awaitVisible(session.journal().nextSeq() - 1);
    return response;
  }
}
