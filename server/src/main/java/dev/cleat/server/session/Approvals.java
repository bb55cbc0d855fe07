package dev.cleat.server.session;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import com.google.rpc.Code;
import dev.cleat.v1.Approval;
import dev.cleat.v1.ApprovalAnswer;
import dev.cleat.v1.ApprovalDecision;
import dev.cleat.v1.ApprovalOption;
import dev.cleat.v1.ApprovalOptionKind;
import dev.cleat.v1.ApprovalRule;
import dev.cleat.v1.ApprovalSettings;
import dev.cleat.v1.ApprovalSource;
import dev.cleat.v1.ErrorReason;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Decides questions of agents: by rule, by answer, by time. Pure: it changes nothing. */
public final class Approvals {
  private static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(5);

  private Approvals() {}

  /** When a question that is asked now is denied by itself. */
  static Instant deadline(ApprovalSettings settings, Instant now) {
    return now.plus(
        settings.hasTimeout() ? Times.duration(settings.getTimeout()) : DEFAULT_TIMEOUT);
  }

  /** The first rule that allows what is asked. */
  static Optional<ApprovalRule> rule(ApprovalSettings settings, Approval approval) {
    return settings.getAutoApproveList().stream()
        .filter(rule -> allows(rule, approval))
        .findFirst();
  }

  private static boolean allows(ApprovalRule rule, Approval approval) {
    if (!rule.getTool().isEmpty() && !rule.getTool().equals(approval.getTool())) {
      return false;
    }
    if (rule.getPattern().isEmpty()) {
      return true;
    }
    final Pattern pattern = Pattern.compile(rule.getPattern());
    return pattern.matcher(approval.getQuestion()).find()
        || pattern.matcher(approval.getInputJson()).find();
  }

  /** Why a rule's pattern is none; null if it is one. */
  public static @Nullable String mistake(String pattern) {
    try {
      final Pattern _ = Pattern.compile(pattern);
      return null;
    } catch (PatternSyntaxException e) {
      return e.getDescription();
    }
  }

  /** A rule as it stands in the journal. */
  static String words(ApprovalRule rule) {
    if (rule.getTool().isEmpty() && rule.getPattern().isEmpty()) {
      return "everything";
    }
    return rule.getPattern().isEmpty() ? rule.getTool() : rule.getTool() + ":" + rule.getPattern();
  }

  /**
   * The answer of a caller.
   *
   * @throws Refusal INVALID_REQUEST when the option is none of the question's, or says the opposite
   */
  static ApprovalAnswer answer(
      Approval approval, ApprovalDecision decision, String optionId, Signature by, Instant now) {
    if (optionId.isEmpty()) {
      return answer(approval, decision, ApprovalSource.APPROVAL_SOURCE_CALL, by.by(), now)
          .toBuilder()
          .setOnBehalfOf(by.onBehalfOf())
          .build();
    }
    final ApprovalOption option =
        approval.getOptionsList().stream()
            .filter(one -> one.getId().equals(optionId))
            .findFirst()
            .orElseThrow(() ->
                Refusal.invalid(
                    "option_id", "is none of " + ids(approval.getOptionsList()) + "; take one"));
    if (decision(option.getKind()) != decision) {
      throw Refusal.invalid("option_id", "says the opposite of the decision");
    }
    return builder(decision, ApprovalSource.APPROVAL_SOURCE_CALL, by.by(), now)
        .setOnBehalfOf(by.onBehalfOf())
        .setOptionId(optionId)
        .build();
  }

  /** An answer with the option that fits best: one that counts this time only. */
  static ApprovalAnswer answer(
      Approval approval, ApprovalDecision decision, ApprovalSource source, String by, Instant now) {
    final ApprovalAnswer.Builder answer = builder(decision, source, by, now);
    final boolean allowed = decision == ApprovalDecision.APPROVAL_DECISION_ALLOWED;
    option(
            approval,
            allowed
                ? ApprovalOptionKind.APPROVAL_OPTION_KIND_ALLOW_ONCE
                : ApprovalOptionKind.APPROVAL_OPTION_KIND_DENY_ONCE)
        .or(() ->
            option(
                approval,
                allowed
                    ? ApprovalOptionKind.APPROVAL_OPTION_KIND_ALLOW_ALWAYS
                    : ApprovalOptionKind.APPROVAL_OPTION_KIND_DENY_ALWAYS))
        .ifPresent(option -> answer.setOptionId(option.getId()));
    return answer.build();
  }

  private static ApprovalAnswer.Builder builder(
      ApprovalDecision decision, ApprovalSource source, String by, Instant now) {
    return ApprovalAnswer.newBuilder()
        .setDecision(decision)
        .setSource(source)
        .setBy(by)
        .setTime(Times.timestamp(now));
  }

  private static Optional<ApprovalOption> option(Approval approval, ApprovalOptionKind kind) {
    return approval.getOptionsList().stream().filter(one -> one.getKind() == kind).findFirst();
  }

  private static ApprovalDecision decision(ApprovalOptionKind kind) {
    return switch (kind) {
      case APPROVAL_OPTION_KIND_ALLOW_ONCE, APPROVAL_OPTION_KIND_ALLOW_ALWAYS ->
          ApprovalDecision.APPROVAL_DECISION_ALLOWED;
      case APPROVAL_OPTION_KIND_DENY_ONCE, APPROVAL_OPTION_KIND_DENY_ALWAYS ->
          ApprovalDecision.APPROVAL_DECISION_DENIED;
      case APPROVAL_OPTION_KIND_UNSPECIFIED, UNRECOGNIZED ->
          ApprovalDecision.APPROVAL_DECISION_UNSPECIFIED;
    };
  }

  private static String ids(List<ApprovalOption> options) {
    return String.join(", ", options.stream().map(ApprovalOption::getId).toList());
  }

  /** A question that has been decided is asked for again. */
  static Refusal resolved(Approval approval) {
    final String how =
        approval
            .getAnswer()
            .getDecision()
            .name()
            .replace("APPROVAL_DECISION_", "")
            .toLowerCase(Locale.ROOT);
    return Refusal.of(
            Code.FAILED_PRECONDITION,
            ErrorReason.ERROR_REASON_APPROVAL_RESOLVED,
            "the question has been decided already: " + how + "; the first answer counts")
        .with("session_id", approval.getSessionId())
        .with("approval_id", approval.getId())
        .with("decision", how)
        .with(
            "source",
            approval
                .getAnswer()
                .getSource()
                .name()
                .replace("APPROVAL_SOURCE_", "")
                .toLowerCase(Locale.ROOT))
        .with("by", approval.getAnswer().getBy());
  }

  static Refusal unknown(String sessionId, String approvalId) {
    return Refusal.of(
            Code.NOT_FOUND,
            ErrorReason.ERROR_REASON_APPROVAL_NOT_FOUND,
            "the session has no question \""
                + approvalId
                + "\"; ListApprovals names those that wait")
        .with("session_id", sessionId)
        .with("approval_id", approvalId);
  }
}
