package dev.cleat.server.rpc;

import dev.cleat.server.session.Approvals;
import dev.cleat.v1.ApprovalRule;
import dev.cleat.v1.ApprovalSettings;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.Retention;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** What can be said of a CreateRequest without looking at the server. */
final class CreateChecks {
  private static final int NAME = 200;
  private static final int SHORT_TEXT = 200;
  private static final int MAX_ARGS = 1024;
  private static final int MAX_ARGS_BYTES = 128 << 10;
  private static final int MAX_ENV = 1024;
  private static final int MAX_ENV_BYTES = 256 << 10;
  private static final int MAX_LABELS = 64;
  private static final int LABEL_KEY = 63;
  private static final int LABEL_VALUE = 255;
  private static final int MAX_METADATA_BYTES = 64 << 10;
  private static final int REQUEST_ID = 128;
  private static final int MAX_PATH = 4096;
  private static final int MAX_ENDPOINT = 2048;
  private static final int MAX_RULES = 100;
  private static final int MAX_START_PROMPTS = 20;
  private static final int MAX_PATTERN = 1000;
  private static final long LONGEST_APPROVAL_SECONDS = 24 * 3600;

  private CreateChecks() {}

  static void check(CreateRequest request) {
    final Checks checks =
        new Checks()
            .require(!request.getTool().isEmpty(), "tool", "is required; ListTools names them")
            .text("tool", request.getTool(), SHORT_TEXT)
            .text("name", request.getName(), NAME)
            .text("request_id", request.getRequestId(), REQUEST_ID)
            .text("model", request.getModel(), SHORT_TEXT)
            .text("agent_mode", request.getAgentMode(), SHORT_TEXT)
            .text("role", request.getRole(), SHORT_TEXT)
            .text("workspace", request.getWorkspace(), SHORT_TEXT)
            .text("caller", request.getCaller(), SHORT_TEXT)
            .sessionId("session_id", request.getSessionId())
            .sessionId("parent_id", request.getParentId())
            .duration("idle_timeout", request.hasIdleTimeout(), request.getIdleTimeout())
            .duration("lifetime", request.hasLifetime(), request.getLifetime())
            .bytes("metadata", request.getMetadata(), MAX_METADATA_BYTES)
            .require(
                !request.getGetOrCreate() || !request.getName().isEmpty(),
                "name",
                "is required with get_or_create");
    if (request.hasSize()) {
      checks.size("size", request.getSize());
    }
    checks
        .text("resume_token", request.getResumeToken(), SHORT_TEXT)
        .require(
            request.getEndpoint().isEmpty() || isAddress(request.getEndpoint()),
            "endpoint",
            "must be an http or https address without a user and password in it");
    approvals(checks, "approvals", request.getApprovals());
    startPrompts(checks, request);
    workdir(checks, request.getWorkdir());
    args(checks, request);
    env(checks, request.getEnvMap());
    labels(checks, "labels", request.getLabelsMap());
    retention(checks, request.getRetention());
    checks.done();
  }

  private static void startPrompts(Checks checks, CreateRequest request) {
    checks.require(
        request.getStartPromptsCount() <= MAX_START_PROMPTS,
        "start_prompts",
        "may be at most " + MAX_START_PROMPTS);
    for (int i = 0; i < request.getStartPromptsCount(); i++) {
      checks.prompt("start_prompts[" + i + "]", request.getStartPrompts(i));
    }
  }

  private static boolean isAddress(String endpoint) {
    try {
      final URI uri = new URI(endpoint);
      return ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
          && uri.getHost() != null
          && uri.getRawUserInfo() == null
          && endpoint.length() <= MAX_ENDPOINT;
    } catch (URISyntaxException e) {
      return false;
    }
  }

  static void approvals(Checks checks, String field, ApprovalSettings settings) {
    checks.require(
        settings.getAutoApproveCount() <= MAX_RULES,
        field + ".auto_approve",
        "may be at most " + MAX_RULES + " rules");
    for (int i = 0; i < settings.getAutoApproveCount(); i++) {
      final ApprovalRule rule = settings.getAutoApprove(i);
      final String name = field + ".auto_approve[" + i + "]";
      checks.text(name + ".tool", rule.getTool(), SHORT_TEXT);
      checks.require(
          rule.getPattern().length() <= MAX_PATTERN,
          name + ".pattern",
          "may have at most " + MAX_PATTERN + " characters");
      final String mistake = Approvals.mistake(rule.getPattern());
      checks.require(mistake == null, name + ".pattern", "is no regular expression: " + mistake);
    }
    final long seconds = settings.getTimeout().getSeconds();
    checks.require(
        !settings.hasTimeout() || (seconds >= 1 && seconds <= LONGEST_APPROVAL_SECONDS),
        field + ".timeout",
        "must be 1 s to 24 h");
  }

  private static void workdir(Checks checks, String workdir) {
    checks
        .require(workdir.isEmpty() || workdir.startsWith("/"), "workdir", "must be absolute")
        .require(workdir.indexOf('\0') < 0, "workdir", "may have no NUL")
        .require(bytes(workdir) <= MAX_PATH, "workdir", "may have at most " + MAX_PATH + " bytes");
  }

  private static void args(Checks checks, CreateRequest request) {
    checks.require(
        request.getArgsCount() <= MAX_ARGS, "args", "may be at most " + MAX_ARGS + " arguments");
    int size = 0;
    for (int i = 0; i < request.getArgsCount(); i++) {
      final String arg = request.getArgs(i);
      size += bytes(arg);
      checks.require(arg.indexOf('\0') < 0, "args[" + i + "]", "may have no NUL");
    }
    checks.require(
        size <= MAX_ARGS_BYTES, "args", "may have at most " + MAX_ARGS_BYTES + " bytes in all");
  }

  private static void env(Checks checks, Map<String, String> env) {
    checks.require(env.size() <= MAX_ENV, "env", "may be at most " + MAX_ENV + " variables");
    int size = 0;
    for (Map.Entry<String, String> variable : env.entrySet()) {
      final String name = variable.getKey();
      final String field = "env[\"" + printable(name) + "\"]";
      size += bytes(name) + bytes(variable.getValue());
      checks
          .require(!name.isEmpty(), field, "the name may not be empty")
          .require(name.indexOf('=') < 0, field, "the name may have no \"=\"")
          .require(name.indexOf('\0') < 0, field, "the name may have no NUL")
          .require(variable.getValue().indexOf('\0') < 0, field, "the value may have no NUL");
    }
    checks.require(
        size <= MAX_ENV_BYTES, "env", "may have at most " + MAX_ENV_BYTES + " bytes in all");
  }

  private static String printable(String name) {
    return name.replaceAll("\\p{Cc}", "?");
  }

  static void labels(Checks checks, String field, Map<String, String> labels) {
    checks.require(labels.size() <= MAX_LABELS, field, "may be at most " + MAX_LABELS);
    labels.forEach((key, value) -> {
      final String name = field + "[\"" + printable(key) + "\"]";
      checks
          .require(!key.isEmpty(), name, "the key may not be empty")
          .text(name, key, LABEL_KEY)
          .text(name, value, LABEL_VALUE);
    });
  }

  static void retention(Checks checks, Retention retention) {
    checks
        .require(
            retention.getMaxBytes() >= 0, "retention.max_bytes", "must be less than 2 to the 63rd")
        .duration("retention.max_age", retention.hasMaxAge(), retention.getMaxAge());
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
