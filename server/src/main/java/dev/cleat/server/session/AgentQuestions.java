package dev.cleat.server.session;

import dev.cleat.v1.ActivityState;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalAnswer;
import dev.cleat.v1.ApprovalDecision;
import dev.cleat.v1.ApprovalRule;
import dev.cleat.v1.ApprovalSource;
import dev.cleat.v1.Event;
import dev.cleat.v1.EvidenceSource;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The questions of a session's agent: each is written down, decided once, and its answer handed to
 * the agent.
 *
 * <p>Confined to the session's lock.
 */
final class AgentQuestions {
  private final TurnHost host;
  private final String sessionId;
  private final Map<String, String> agentsIds = new HashMap<>();
  private @Nullable AgentDriver driver;

  AgentQuestions(TurnHost host, String sessionId) {
    this.host = host;
    this.sessionId = sessionId;
  }

  /** Whom to answer; null when nobody is there. */
  void driver(@Nullable AgentDriver with) {
    driver = with;
  }

  /** A question as it is to be written down. */
  record Asking(
      Approval question,
      String agentsId,
      @Nullable ApprovalAnswer answer,
      List<Event.Builder> events) {}

  /**
   * A question is asked.
   *
   * @param approval with the agent's own id
   * @param seq the number that its event will have
   */
  Asking asking(Approval.Builder approval, String turnId, long seq) {
    final Instant now = host.now();
    final String agentsId = approval.getId();
    final Approval question =
        approval
            .setId(Long.toString(seq))
            .setSessionId(sessionId)
            .setTurnId(turnId)
            .setCreateTime(Times.timestamp(now))
            .setDeadline(Times.timestamp(Approvals.deadline(host.session().getApprovals(), now)))
            .build();
    final List<Event.Builder> events = new ArrayList<>(List.of(Events.asked(question)));
    // Where no answer is offered, none can be given for a rule.
    final Optional<ApprovalRule> rule =
        question.getOptionsCount() == 0
            ? Optional.empty()
            : Approvals.rule(host.session().getApprovals(), question);
    if (rule.isEmpty()) {
      events.add(Events.activity(ActivityState.ACTIVITY_STATE_WAITING_FOR_APPROVAL, source(), seq));
      return new Asking(question, agentsId, null, events);
    }
    final ApprovalAnswer answer =
        Approvals.answer(
            question,
            ApprovalDecision.APPROVAL_DECISION_ALLOWED,
            ApprovalSource.APPROVAL_SOURCE_RULE,
            Approvals.words(rule.get()),
            now);
    events.add(Events.decided(question, answer));
    return new Asking(question, agentsId, answer, events);
  }

  /** It has been written down. */
  void asked(Asking asking) {
    if (asking.answer() != null) {
      answer(asking.agentsId(), asking.answer());
    } else {
      agentsIds.put(asking.question().getId(), asking.agentsId());
    }
  }

  private EvidenceSource source() {
    return driver == null ? EvidenceSource.EVIDENCE_SOURCE_STRUCTURED : driver.source();
  }

  private void answer(String agentsId, ApprovalAnswer answer) {
    if (driver != null) {
      driver.answer(agentsId, answer);
    }
  }

  /**
   * Answers a question that waits.
   *
   * @return the question with its answer; empty when none of this id waits
   * @throws Refusal INVALID_REQUEST
   */
  Optional<Approval> resolve(
      String approvalId, ApprovalDecision decision, String optionId, Signature by) {
    return waiting(approvalId)
        .map(question ->
            decide(question, Approvals.answer(question, decision, optionId, by, host.now())));
  }

  private Optional<Approval> waiting(String approvalId) {
    return host.session().getPendingApprovalsList().stream()
        .filter(one -> one.getId().equals(approvalId))
        .findFirst();
  }

  private Approval decide(Approval question, ApprovalAnswer answer) {
    final List<Event.Builder> events = new ArrayList<>();
    events.add(Events.decided(question, answer));
    if (host.session().getPendingApprovalsCount() == 1) {
      events.add(Events.busy(source(), host.headSeq() + 1));
    }
    host.append(events);
    final String agentsId = agentsIds.remove(question.getId());
    if (agentsId != null) {
      answer(agentsId, answer);
    }
    return question.toBuilder().setAnswer(answer).build();
  }

  /** The agent does not wait for this answer any more; the id is the agent's. */
  void withdrawn(String agentsId) {
    for (Map.Entry<String, String> known : Map.copyOf(agentsIds).entrySet()) {
      if (known.getValue().equals(agentsId)) {
        waiting(known.getKey())
            .ifPresent(question ->
                host.append(
                    List.of(
                        Events.decided(
                            question,
                            ApprovalAnswer.newBuilder()
                                .setSource(ApprovalSource.APPROVAL_SOURCE_TERMINAL)
                                .setTime(Times.timestamp(host.now()))
                                .build()))));
        agentsIds.remove(known.getKey());
      }
    }
  }

  /** The events that close all questions that wait, because nobody will hear the answer. */
  List<Event.Builder> undecided() {
    return new ArrayList<>(
        host.session().getPendingApprovalsList().stream()
            .map(question ->
                Events.decided(
                    question,
                    ApprovalAnswer.newBuilder()
                        .setDecision(ApprovalDecision.APPROVAL_DECISION_DENIED)
                        .setSource(ApprovalSource.APPROVAL_SOURCE_TURN_ENDED)
                        .setTime(Times.timestamp(host.now()))
                        .build()))
            .toList());
  }

  /** What the agent calls its questions means nothing any more. */
  void forget() {
    agentsIds.clear();
  }

  /**
   * Denies what nobody has answered in time.
   *
   * @return when the next deadline is; null when nothing waits
   */
  @Nullable Instant denyLate() {
    final Instant now = host.now();
    Instant next = null;
    for (Approval question : List.copyOf(host.session().getPendingApprovalsList())) {
      final Instant deadline = Times.instant(question.getDeadline());
      if (now.isBefore(deadline)) {
        next = next == null || deadline.isBefore(next) ? deadline : next;
      } else {
        decide(
            question,
            Approvals.answer(
                question,
                ApprovalDecision.APPROVAL_DECISION_DENIED,
                ApprovalSource.APPROVAL_SOURCE_DEADLINE,
                "",
                now));
      }
    }
    return next;
  }
}
