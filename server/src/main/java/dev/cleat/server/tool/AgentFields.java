package dev.cleat.server.tool;

import com.google.re2j.Pattern;
import dev.cleat.server.yaml.YamlFields;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads from a catalogue file how agents are talked to. For one file and one thread. */
final class AgentFields {
  private static final List<String> ACP = List.of("command", "endpoint", "role");
  private static final List<String> HEADLESS =
      List.of("command", "resume", "input", "output", "session_id", "token");

  private final YamlFields yaml;
  private final CommandFields commands;
  private final SettingFields settings;
  private final TemplateFields templates;
  private final PatternFields patterns;

  AgentFields(YamlFields yaml, CommandFields commands, SettingFields settings) {
    this.yaml = yaml;
    this.commands = commands;
    this.settings = settings;
    this.templates = new TemplateFields(yaml, commands);
    this.patterns = new PatternFields(yaml);
  }

  /** Empty after a mistake that leaves nothing of it. */
  Optional<AcpForm> acp(Node node, String field) {
    Map<String, Node> fields = yaml.mapping(node, field, ACP);
    Node command = fields.get("command");
    if (command == null) {
      yaml.problem(node, field, "command is missing");
      return Optional.empty();
    }
    Optional<SettingForm> endpoint = setting(fields.get("endpoint"), field, "endpoint");
    Optional<SettingForm> role = setting(fields.get("role"), field, "role");
    return Optional.of(commands.command(command, YamlFields.child(field, "command")))
        .filter(words -> !words.isEmpty())
        .map(words -> new AcpForm(words, endpoint, role));
  }

  private Optional<SettingForm> setting(@Nullable Node node, String field, String name) {
    return node == null
        ? Optional.empty()
        : settings.form(node, YamlFields.child(field, name), name);
  }

  /** Empty after a mistake that leaves nothing of it. */
  Optional<HeadlessForm> headless(Node node, String field) {
    Map<String, Node> fields = yaml.mapping(node, field, HEADLESS);
    HeadlessInput input =
        constant(HeadlessInput.class, fields.get("input"), field + ".input")
            .orElse(HeadlessInput.NONE);
    HeadlessOutput output =
        constant(HeadlessOutput.class, fields.get("output"), field + ".output")
            .orElse(HeadlessOutput.PLAIN);
    SessionToken token =
        constant(SessionToken.class, fields.get("token"), field + ".token")
            .orElse(SessionToken.FOUND);
    Node pattern = fields.get("session_id");
    Optional<Pattern> sessionId =
        pattern == null ? Optional.empty() : sessionId(pattern, field + ".session_id");
    if (pattern != null && output != HeadlessOutput.PLAIN) {
      yaml.problem(pattern, field + ".session_id", "is only for output: plain; others say it");
    }
    if (pattern != null && token == SessionToken.SET) {
      yaml.problem(pattern, field + ".session_id", "is not needed with token: set");
    }
    Node resumeNode = fields.get("resume");
    if (resumeNode != null
        && pattern == null
        && output == HeadlessOutput.PLAIN
        && token == SessionToken.FOUND) {
      yaml.problem(
          resumeNode,
          field + ".resume",
          "goes on with a session that nothing names: give session_id, or token: set");
    }
    Node commandNode = fields.get("command");
    if (commandNode == null) {
      yaml.problem(node, field, "command is missing");
    }
    Optional<Template> command =
        commandNode == null
            ? Optional.empty()
            : templates.first(commandNode, field + ".command", token, input);
    Optional<Template> resume =
        resumeNode == null
            ? Optional.empty()
            : templates.resuming(resumeNode, field + ".resume", input);
    return command.map(first -> new HeadlessForm(first, resume, input, output, sessionId, token));
  }

  private Optional<Pattern> sessionId(Node node, String field) {
    Optional<Pattern> pattern = patterns.pattern(node, field);
    if (pattern.isPresent() && pattern.get().groupCount() == 0) {
      yaml.problem(node, field, "needs a group, such as 'session: (\\S+)': the group is the id");
    }
    return pattern;
  }

  private <E extends Enum<E>> Optional<E> constant(
      Class<E> type, @Nullable Node node, String field) {
    if (node == null) {
      return Optional.empty();
    }
    List<String> words =
        Arrays.stream(type.getEnumConstants())
            .map(constant -> constant.name().toLowerCase(Locale.ROOT))
            .toList();
    return Optional.ofNullable(yaml.oneOf(node, field, words))
        .map(word -> Enum.valueOf(type, word.toUpperCase(Locale.ROOT)));
  }
}
