package dev.cleat.e2e.agents;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A home folder with the settings that lead one agent to the scripted model and past its questions
 * to a new user, and a folder to work in. Immutable.
 */
final class AgentHome {
  /** The model that Codex and OpenCode are set to; Claude Code chooses its own. */
  static final String MODEL = "scripted";

  /** Another one that OpenCode may be set to. */
  static final String OTHER_MODEL = "scripted-too";

  /** The variable that tells Claude Code where the model is. */
  static final String CLAUDE_ENDPOINT = "ANTHROPIC_BASE_URL";

  /** The variable that tells OpenCode so, by its settings here. */
  private static final String OPENCODE_ENDPOINT = "SCRIPTED_MODEL_URL";

  /** The variable that tells Gemini CLI so. */
  static final String GEMINI_ENDPOINT = "GOOGLE_GEMINI_BASE_URL";

  private static final String KEY = "scripted-key-of-more-than-twenty-characters";
  private static final Path PACKAGES =
      Path.of(System.getProperty("cleat.root"), "src/e2e/agents/node_modules");

  /** When the agent asks before it runs a command. */
  enum Asks {
    NEVER,
    ALWAYS
  }

  private final Path home;
  private final Path work;
  private final Map<String, String> environment;

  private AgentHome(Path home, Path work, Map<String, String> environment) {
    this.home = home;
    this.work = work;
    this.environment = Map.copyOf(environment);
  }

  /** For {@code claude} and {@code claude-agent-acp}. */
  static AgentHome claude(Path folder, ModelApi model, Asks asks) throws IOException {
    Path home = Files.createDirectories(folder.resolve("home"));
    Path work = Files.createDirectories(folder.resolve("work"));
    write(
        home.resolve(".claude.json"),
        Map.of(
            "hasCompletedOnboarding",
            true,
            "customApiKeyResponses",
            Map.of("approved", List.of(KEY.substring(KEY.length() - 20)), "rejected", List.of()),
            "projects",
            Map.of(work.toString(), Map.of("hasTrustDialogAccepted", true))));
    write(
        home.resolve(".claude/settings.json"),
        Map.of(
            "permissions",
            Map.of("defaultMode", asks == Asks.NEVER ? "bypassPermissions" : "default"),
            "skipDangerousModePermissionPrompt",
            true));
    Map<String, String> environment = common(home);
    environment.put(CLAUDE_ENDPOINT, model.url());
    environment.put("ANTHROPIC_API_KEY", KEY);
    environment.put("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
    environment.put("CLAUDE_CODE_ENABLE_PROMPT_SUGGESTION", "false");
    environment.put("DISABLE_AUTOUPDATER", "1");
    // Its ten would take minutes.
    environment.put("CLAUDE_CODE_MAX_RETRIES", "1");
    // Else it refuses to skip its questions, and some of its parts refuse to start, as root.
    environment.put("IS_SANDBOX", "1");
    return new AgentHome(home, work, environment);
  }

  /** For {@code codex} and {@code codex-acp}. */
  static AgentHome codex(Path folder, ModelApi model, Asks asks) throws IOException {
    Path home = Files.createDirectories(folder.resolve("home"));
    Path work = Files.createDirectories(folder.resolve("work"));
    write(
        home.resolve(".codex/config.toml"),
        """
        model = "%s"
        model_provider = "loopback"
        approval_policy = "%s"
        sandbox_mode = "%s"
        check_for_update_on_startup = false

        [model_providers.loopback]
        name = "Loopback"
        base_url = "%s/v1"
        env_key = "LOOPBACK_API_KEY"
        wire_api = "responses"
        request_max_retries = 0
        stream_max_retries = 0

        [analytics]
        enabled = false

        # It would go on when the agent has ended.
        [features]
        daemon_auto_start = false

        [projects."%s"]
        trust_level = "trusted"
        """
            .formatted(
                MODEL,
                asks == Asks.NEVER ? "never" : "on-request",
                asks == Asks.NEVER ? "danger-full-access" : "read-only",
                model.url(),
                work));
    // For its own provider, where a session leads that to the model.
    write(home.resolve(".codex/auth.json"), Map.of("auth_mode", "apikey", "OPENAI_API_KEY", KEY));
    Map<String, String> environment = common(home);
    // codex-acp sets both the policy and the sandbox by the mode it begins in.
    environment.put("INITIAL_AGENT_MODE", asks == Asks.NEVER ? "agent-full-access" : "read-only");
    environment.put("CODEX_HOME", home.resolve(".codex").toString());
    environment.put("LOOPBACK_API_KEY", KEY);
    return new AgentHome(home, work, environment);
  }

  /** For {@code opencode}, also as {@code opencode acp}. */
  static AgentHome opencode(Path folder, ModelApi model, Asks asks) throws IOException {
    Path home = Files.createDirectories(folder.resolve("home"));
    Path work = Files.createDirectories(folder.resolve("work"));
    Map<String, ?> models =
        Map.of(MODEL, opencodeModel("Scripted"), OTHER_MODEL, opencodeModel("Scripted, too"));
    Map<String, ?> provider =
        Map.of(
            "npm",
            "@ai-sdk/openai-compatible",
            "options",
            Map.of("baseURL", "{env:" + OPENCODE_ENDPOINT + "}/v1", "apiKey", KEY),
            "models",
            models);
    write(
        home.resolve(".config/opencode/opencode.json"),
        Map.of(
            "provider",
            Map.of("loopback", provider),
            "enabled_providers",
            List.of("loopback"),
            "model",
            "loopback/" + MODEL,
            "small_model",
            "loopback/" + MODEL,
            "share",
            "disabled",
            "permission",
            Map.of("bash", asks == Asks.NEVER ? "allow" : "ask")));
    Map<String, String> environment = common(home);
    environment.put(OPENCODE_ENDPOINT, model.url());
    environment.put("OPENCODE_DISABLE_AUTOUPDATE", "1");
    environment.put("OPENCODE_DISABLE_MODELS_FETCH", "1");
    environment.put("OPENCODE_DISABLE_LSP_DOWNLOAD", "1");
    environment.put("OPENCODE_DISABLE_DEFAULT_PLUGINS", "1");
    return new AgentHome(home, work, environment);
  }

  /** For {@code gemini}, also as {@code gemini --acp}. */
  static AgentHome gemini(Path folder, ModelApi model, Asks asks) throws IOException {
    Path home = Files.createDirectories(folder.resolve("home"));
    Path work = Files.createDirectories(folder.resolve("work"));
    write(
        home.resolve(".gemini/settings.json"),
        Map.of(
            "security",
            Map.of(
                "auth",
                Map.of("selectedType", "gemini-api-key"),
                "folderTrust",
                Map.of("enabled", false)),
            "privacy",
            Map.of("usageStatisticsEnabled", false),
            // Its ten attempts would take minutes.
            "general",
            Map.of("enableAutoUpdate", false, "maxAttempts", 1),
            "model",
            Map.of("name", "gemini-2.5-flash")));
    if (asks == Asks.NEVER) {
      write(
          home.resolve(".gemini/policies/commands.toml"),
          """
          [[rule]]
          toolName = "run_shell_command"
          decision = "allow"
          priority = 999
          allowRedirection = true
          """);
    }
    Map<String, String> environment = common(home);
    environment.put(GEMINI_ENDPOINT, model.url());
    environment.put("GEMINI_API_KEY", KEY);
    environment.put("GEMINI_CLI_TRUST_WORKSPACE", "true");
    environment.put("NO_BROWSER", "1");
    return new AgentHome(home, work, environment);
  }

  private static Map<String, ?> opencodeModel(String name) {
    return Map.of(
        "name",
        name,
        "tool_call",
        true,
        "attachment",
        true,
        "modalities",
        Map.of("input", List.of("text", "image"), "output", List.of("text")),
        "limit",
        Map.of("context", 100_000, "output", 10_000));
  }

  private static Map<String, String> common(Path home) throws IOException {
    Map<String, String> environment = new HashMap<>();
    environment.put("HOME", home.toString());
    environment.put("PATH", path());
    environment.put("TMPDIR", Files.createDirectories(home.resolve("tmp")).toString());
    environment.put("LANG", "C.UTF-8");
    environment.put("SHELL", "/bin/bash");
    environment.put("TERM", "xterm-256color");
    return environment;
  }

  /** The agents first. */
  private static String path() {
    List<String> path = new ArrayList<>();
    path.add(PACKAGES.resolve(".bin").toString());
    path.add(PACKAGES.resolve("opencode-linux-x64/bin").toString());
    path.add(System.getenv().getOrDefault("PATH", "/usr/bin:/bin"));
    return String.join(File.pathSeparator, path);
  }

  /** Where this command of an agent is; it may not be there. */
  static Path program(String command) {
    return command.equals("opencode")
        ? PACKAGES.resolve("opencode-linux-x64/bin/opencode")
        : PACKAGES.resolve(".bin").resolve(command);
  }

  Path home() {
    return home;
  }

  /** Where it works. */
  Path work() {
    return work;
  }

  /** All variables that the agent is to have, and it should have no others. */
  Map<String, String> environment() {
    return environment;
  }

  private static void write(Path file, Map<String, ?> settings) throws IOException {
    write(file, Json.write(settings));
  }

  private static void write(Path file, String settings) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, settings);
  }
}
