package dev.cleat.client;

import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalAnswer;
import dev.cleat.v1.ApprovalDecision;
import dev.cleat.v1.ApprovalOption;
import dev.cleat.v1.ApprovalOptionKind;
import dev.cleat.v1.ApprovalRequested;
import dev.cleat.v1.ApprovalResolved;
import dev.cleat.v1.ApprovalSource;
import dev.cleat.v1.Event;
import dev.cleat.v1.ResolveApprovalRequest;
import io.grpc.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The questions of a {@link FakeAgent}: each is asked and decided once, and both are events. The
 * monitor of the service guards them.
 */
final class FakeApprovals {
  private final FakeService service;
  private final Map<String, Approval> approvals = new LinkedHashMap<>();

  FakeApprovals(FakeService service) {
    this.service = service;
  }

  List<Approval> all() {
    synchronized (service) {
      return List.copyOf(approvals.values());
    }
  }

  List<Approval> waiting() {
    return all().stream().filter(a -> !a.hasAnswer()).toList();
  }

  void ask(String turnId, String approvalId, String question) {
    Instant now = Instant.now();
    Approval asked =
        Approval.newBuilder()
            .setId(approvalId)
            .setSessionId("s")
            .setTurnId(turnId)
            .setTool("Bash")
            .setQuestion(question)
            .addOptions(option("always", "Always", "ALLOW_ALWAYS"))
            .addOptions(option("yes", "Yes", "ALLOW_ONCE"))
            .addOptions(option("no", "No", "DENY_ONCE"))
            .setCreateTime(Times.timestamp(now))
            .setDeadline(Times.timestamp(now.plus(Duration.ofMinutes(5))))
            .build();
    synchronized (service) {
      approvals.put(approvalId, asked);
      service.append(
          Event.newBuilder()
              .setApprovalRequested(ApprovalRequested.newBuilder().setApproval(asked)));
    }
  }

  ApprovalAnswer awaitAnswer(String approvalId) {
    synchronized (service) {
      for (; ; ) {
        Approval asked = approvals.get(approvalId);
        if (asked != null && asked.hasAnswer()) {
          return asked.getAnswer();
        }
        try {
          service.wait();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }

  /** As a call asks; fails as the call does. */
  Approval resolve(ResolveApprovalRequest request) {
    synchronized (service) {
      Approval asked = approvals.get(request.getApprovalId());
      if (asked == null) {
        throw Failures.of(Status.Code.NOT_FOUND, "APPROVAL_NOT_FOUND");
      }
      if (asked.hasAnswer()) {
        throw Failures.of(Status.Code.FAILED_PRECONDITION, "APPROVAL_RESOLVED");
      }
      Optional<String> option = option(asked, request);
      if (!request.getOptionId().isEmpty() && option.isEmpty()) {
        throw Failures.of(Status.Code.INVALID_ARGUMENT, "INVALID_REQUEST");
      }
      return resolve(
          asked,
          ApprovalAnswer.newBuilder()
              .setDecision(request.getDecision())
              .setSource(ApprovalSource.APPROVAL_SOURCE_CALL)
              .setOptionId(option.orElse(""))
              .setBy(request.getBy()));
    }
  }

  /** Denies all that wait. */
  void denyAll(ApprovalSource source) {
    synchronized (service) {
      for (Approval asked : waiting()) {
        resolve(
            asked,
            ApprovalAnswer.newBuilder()
                .setDecision(ApprovalDecision.APPROVAL_DECISION_DENIED)
                .setSource(source));
      }
    }
  }

  private Approval resolve(Approval asked, ApprovalAnswer.Builder answer) {
    Approval resolved =
        asked.toBuilder().setAnswer(answer.setTime(Times.timestamp(Instant.now()))).build();
    approvals.put(resolved.getId(), resolved);
    service.append(
        Event.newBuilder()
            .setApprovalResolved(ApprovalResolved.newBuilder().setApproval(resolved)));
    return resolved;
  }

  /** The one asked for if it fits; else the one for this time only, or else the first that fits. */
  private static Optional<String> option(Approval asked, ResolveApprovalRequest request) {
    boolean allows = request.getDecision() == ApprovalDecision.APPROVAL_DECISION_ALLOWED;
    List<ApprovalOption> fitting =
        asked.getOptionsList().stream()
            .filter(o -> o.getKind().name().contains("ALLOW") == allows)
            .filter(o -> request.getOptionId().isEmpty() || o.getId().equals(request.getOptionId()))
            .toList();
    return fitting.stream()
        .filter(o -> o.getKind().name().endsWith("ONCE"))
        .findFirst()
        .or(() -> fitting.stream().findFirst())
        .map(ApprovalOption::getId);
  }

  private static ApprovalOption option(String optionId, String name, String kind) {
    return ApprovalOption.newBuilder()
        .setId(optionId)
        .setName(name)
        .setKind(ApprovalOptionKind.valueOf("APPROVAL_OPTION_KIND_" + kind))
        .build();
  }
}
