package dev.cleat.server.tool;

import dev.cleat.server.yaml.Problem;
import dev.cleat.server.yaml.WrongFileException;
import dev.cleat.server.yaml.YamlFields;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Reads a catalogue file.
 *
 * <p>Each key under {@code tools} is an entry. An entry of a name that is already there changes it
 * field by field: a field that is given replaces the one there.
 */
final class CatalogueFile {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final Duration DEFAULT_STILLNESS = Duration.ofSeconds(1);

  private static final List<String> FIELDS =
      List.of(
          "title",
          "description",
          "command",
          "pipes_command",
          "env",
          "shell",
          "turns",
          "stillness",
          "os",
          "acp",
          "headless",
          "terminal",
          "endpoint",
          "role",
          "version",
          "help");

  /** Of these, an entry has at least one. */
  private static final Set<String> FORMS = Set.of("command", "acp", "headless");

  private static final List<String> TURN_ENDS = words(TurnEnd.values());
  private static final List<String> SHELLS = words(Shell.values());
  private static final List<String> SYSTEMS = words(Os.LINUX, Os.MACOS, Os.WINDOWS);

  private final YamlFields yaml;
  private final CommandFields commands;
  private final AgentFields agents;
  private final SettingFields settings;
  private final TerminalFields terminals;
  private final DurationFields durations;

  private CatalogueFile(String file) {
    yaml = new YamlFields(file);
    commands = new CommandFields(yaml);
    settings = new SettingFields(yaml, commands);
    agents = new AgentFields(yaml, commands, settings);
    terminals = new TerminalFields(yaml, commands);
    durations = new DurationFields(yaml);
  }

  /**
   * The entries of this text over those that are already there.
   *
   * @param file named in mistakes
   */
  static Map<String, Tool> read(String file, String text, Map<String, Tool> existing)
      throws WrongFileException {
    CatalogueFile reader = new CatalogueFile(file);
    Map<String, Tool> tools = reader.tools(text, existing);
    List<Problem> problems = reader.yaml.problems();
    if (!problems.isEmpty()) {
      throw new WrongFileException(problems);
    }
    return tools;
  }

  private Map<String, Tool> tools(String text, Map<String, Tool> existing) {
    Map<String, Tool> tools = new TreeMap<>(existing);
    Optional<Node> root = yaml.document(text);
    if (root.isEmpty()) {
      return tools;
    }
    Node entries = yaml.mapping(root.get(), "", List.of("tools")).get("tools");
    if (entries == null || YamlFields.isNull(entries)) {
      return tools;
    }
    yaml.mapping(entries, "tools")
        .forEach((name, node) -> {
          Tool tool = tool(name, node, existing.get(name));
          if (tool != null) {
            tools.put(name, tool);
          }
        });
    return tools;
  }

  private @Nullable Tool tool(String name, Node node, @Nullable Tool base) {
    String field = YamlFields.child("tools", name);
    if (!NAME.matcher(name).matches()) {
      yaml.problem(
          node,
          field,
          "a tool's name is 1 to 64 letters, digits, '.', '_' and '-', and begins with a letter or"
              + " digit");
    }
    Map<String, Node> fields = yaml.mapping(node, field, FIELDS);
    Entry entry = base == null ? new Entry(name) : new Entry(base);
    fields.forEach((key, value) -> read(entry, key, value, YamlFields.child(field, key)));
    if (base == null && fields.keySet().stream().noneMatch(FORMS::contains)) {
      yaml.problem(node, field, "command is missing, or acp or headless");
    }
    Node turns = fields.get("turns");
    if (turns != null && entry.turnEnd == TurnEnd.SCREEN && entry.terminal.isEmpty()) {
      yaml.problem(turns, field + ".turns", "screen needs terminal: what the screen looks like");
    }
    checkEnv(entry, node, field);
    return entry.hasForm() ? entry.tool() : null;
  }

  /** A document would replace a variable that the entry itself sets. */
  private void checkEnv(Entry entry, Node node, String field) {
    Stream.of(
            entry.endpoint,
            entry.role,
            entry.acp.flatMap(AcpForm::endpoint),
            entry.acp.flatMap(AcpForm::role))
        .flatMap(Optional::stream)
        .flatMap(form -> form.documents().keySet().stream())
        .distinct()
        .filter(entry.env::containsKey)
        .sorted()
        .forEach(name ->
            yaml.problem(
                node,
                YamlFields.child(field + ".env", name),
                "is the document that tells the tool its endpoint or role: put into that what is"
                    + " here"));
  }

  private void read(Entry entry, String key, Node node, String field) {
    switch (key) {
      case "title" -> {
        String title = yaml.text(node, field);
        entry.title = title == null ? "" : title;
      }
      case "description" -> {
        String description = yaml.text(node, field);
        entry.description = description == null ? "" : description;
      }
      case "command" -> entry.command = commands.command(node, field);
      case "pipes_command" -> entry.pipesCommand = commands.command(node, field);
      case "env" -> entry.env = env(node, field);
      case "shell" -> {
        String shell = yaml.oneOf(node, field, SHELLS);
        entry.shell = shell == null ? null : Shell.valueOf(upper(shell));
      }
      case "turns" -> {
        String end = yaml.oneOf(node, field, TURN_ENDS);
        entry.turnEnd = end == null ? null : TurnEnd.valueOf(upper(end));
      }
      case "stillness" -> entry.stillness = durations.duration(node, field, DEFAULT_STILLNESS);
      case "os" -> entry.systems = systems(node, field);
      case "acp" -> entry.acp = agents.acp(node, field);
      case "headless" -> entry.headless = agents.headless(node, field);
      case "terminal" -> entry.terminal = terminals.terminal(node, field);
      case "endpoint" -> entry.endpoint = settings.form(node, field, key);
      case "role" -> entry.role = settings.form(node, field, key);
      case "version" -> entry.version = commands.words(node, field);
      case "help" -> entry.help = commands.words(node, field);
      default -> throw new IllegalArgumentException(key);
    }
  }

  private Map<String, String> env(Node node, String field) {
    Map<String, String> env = new LinkedHashMap<>();
    yaml.mapping(node, field)
        .forEach((name, value) -> {
          String path = YamlFields.child(field, name);
          String text = yaml.text(value, path);
          if (!CommandFields.isVariable(name)) {
            yaml.problem(value, path, CommandFields.NO_VARIABLE);
          } else if (text != null) {
            env.put(name, text);
          }
        });
    return env;
  }

  private Set<Os> systems(Node node, String field) {
    Set<Os> systems = EnumSet.noneOf(Os.class);
    List<Node> items = yaml.items(node, field);
    for (int i = 0; i < items.size(); i++) {
      String system = yaml.oneOf(items.get(i), field + "[" + i + "]", SYSTEMS);
      if (system != null) {
        systems.add(Os.valueOf(upper(system)));
      }
    }
    return systems;
  }

  private static List<String> words(Enum<?>... values) {
    return Arrays.stream(values).map(value -> value.name().toLowerCase(Locale.ROOT)).toList();
  }

  private static String upper(String word) {
    return word.toUpperCase(Locale.ROOT);
  }

  /** An entry while its fields are read. */
  private static final class Entry {
    private final String name;
    private String title;
    private String description = "";
    private List<String> command = List.of();
    private List<String> pipesCommand = List.of();
    private Map<String, String> env = Map.of();
    private @Nullable Shell shell;
    private @Nullable TurnEnd turnEnd;
    private Duration stillness = DEFAULT_STILLNESS;
    private Set<Os> systems = EnumSet.of(Os.LINUX, Os.MACOS, Os.WINDOWS);
    private Optional<AcpForm> acp = Optional.empty();
    private Optional<HeadlessForm> headless = Optional.empty();
    private Optional<TerminalForm> terminal = Optional.empty();
    private Optional<SettingForm> endpoint = Optional.empty();
    private Optional<SettingForm> role = Optional.empty();
    private List<String> version = List.of();
    private List<String> help = List.of();

    Entry(String name) {
      this.name = name;
      this.title = name;
    }

    Entry(Tool base) {
      name = base.name();
      title = base.title();
      description = base.description();
      command = base.command();
      pipesCommand = base.pipesCommand();
      env = base.env();
      shell = base.shell().orElse(null);
      turnEnd = base.turnEnd();
      stillness = base.stillness();
      systems = base.systems();
      acp = base.acp();
      headless = base.headless();
      terminal = base.terminal();
      endpoint = base.endpoint();
      role = base.role();
      version = base.version();
      help = base.help();
    }

    boolean hasForm() {
      return !command.isEmpty() || acp.isPresent() || headless.isPresent();
    }

    Tool tool() {
      TurnEnd end = turnEnd;
      if (end == null) {
        end = shell != null ? TurnEnd.MARKS : terminal.isPresent() ? TurnEnd.SCREEN : TurnEnd.NONE;
      }
      return new Tool(
          name,
          title.isEmpty() ? name : title,
          description,
          command,
          pipesCommand,
          env,
          Optional.ofNullable(shell),
          end,
          stillness,
          systems,
          acp,
          headless,
          terminal,
          endpoint,
          role,
          version,
          help);
    }
  }
}
