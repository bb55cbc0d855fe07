package dev.cleat.server.tool;

import com.fasterxml.jackson.core.JsonPointer;
import com.google.re2j.Pattern;
import dev.cleat.server.yaml.YamlFields;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads from a catalogue file how agents are driven on a terminal. For one file and one thread. */
final class TerminalFields {
  private static final Duration QUIET = Duration.ofSeconds(1);
  private static final Duration QUESTION_AFTER = Duration.ofSeconds(30);
  private static final Duration START_TIMEOUT = Duration.ofSeconds(90);
  private static final List<String> FIELDS =
      List.of(
          "ready",
          "tick",
          "tick_title",
          "questions",
          "failed",
          "collapsed",
          "paste",
          "submit",
          "newline",
          "interrupt",
          "clear",
          "quiet",
          "question_after",
          "start_timeout",
          "model",
          "session",
          "resume",
          "session_id");
  private static final List<String> SESSION_ID = List.of("files", "id", "workdir");
  private static final java.util.regex.Pattern FILES =
      java.util.regex.Pattern.compile("\\$[A-Za-z_][A-Za-z0-9_]*(?:/[^/$]+)+");
  private static final List<String> QUESTION = List.of("pattern", "tool", "answers");
  private static final List<String> ANSWER = List.of("pattern", "kind", "keys");
  private static final List<String> PASTES = words(Paste.values());
  private static final List<String> KINDS = words(AnswerForm.Kind.values());

  private final YamlFields yaml;
  private final CommandFields commands;
  private final PatternFields patterns;
  private final DurationFields durations;

  TerminalFields(YamlFields yaml, CommandFields commands) {
    this.yaml = yaml;
    this.commands = commands;
    this.patterns = new PatternFields(yaml);
    this.durations = new DurationFields(yaml);
  }

  /** Empty after a mistake that leaves nothing of it. */
  Optional<TerminalForm> terminal(Node node, String field) {
    Map<String, Node> fields = yaml.mapping(node, field, FIELDS);
    Optional<Pattern> ready =
        required(node, fields, field, "ready")
            .flatMap(it -> patterns.telling(it, field + ".ready"));
    TerminalForm form =
        new TerminalForm(
            ready.orElse(Pattern.compile("$^")),
            all(fields.get("tick"), field + ".tick"),
            one(fields.get("tick_title"), field + ".tick_title"),
            questions(fields.get("questions"), field + ".questions"),
            one(fields.get("failed"), field + ".failed"),
            one(fields.get("collapsed"), field + ".collapsed"),
            paste(fields.get("paste"), field + ".paste"),
            keys(fields.get("submit"), field + ".submit", "\r"),
            Optional.ofNullable(fields.get("newline"))
                .map(it -> keys(it, field + ".newline", "\n")),
            keys(fields.get("interrupt"), field + ".interrupt", "\u001b"),
            keys(fields.get("clear"), field + ".clear", "\u0015"),
            durations.duration(fields.get("quiet"), field + ".quiet", QUIET),
            durations.duration(
                fields.get("question_after"), field + ".question_after", QUESTION_AFTER),
            durations.duration(
                fields.get("start_timeout"), field + ".start_timeout", START_TIMEOUT),
            words(fields.get("model"), field + ".model", Placeholder.MODEL),
            words(fields.get("session"), field + ".session", Placeholder.SESSION),
            words(fields.get("resume"), field + ".resume", Placeholder.SESSION),
            sessionId(fields.get("session_id"), field + ".session_id"));
    Node sessionId = fields.get("session_id");
    if (sessionId != null && fields.containsKey("session")) {
      yaml.problem(sessionId, field + ".session_id", "is not needed with session, which sets it");
    }
    return ready.map(_ -> form);
  }

  private Optional<Node> required(Node node, Map<String, Node> fields, String field, String key) {
    Optional<Node> value = Optional.ofNullable(fields.get(key));
    if (value.isEmpty()) {
      yaml.problem(node, field, key + " is missing");
    }
    return value;
  }

  private List<Pattern> all(@Nullable Node node, String field) {
    return node == null ? List.of() : patterns.tellingAll(node, field);
  }

  private Optional<Pattern> one(@Nullable Node node, String field) {
    return Optional.ofNullable(node).flatMap(it -> patterns.telling(it, field));
  }

  private Paste paste(@Nullable Node node, String field) {
    String word = node == null ? null : yaml.oneOf(node, field, PASTES);
    return word == null ? Paste.BRACKETED : Paste.valueOf(word.toUpperCase(Locale.ROOT));
  }

  /** Words for the command that tell the tool one thing. */
  private List<String> words(@Nullable Node node, String field, Placeholder what) {
    if (node == null) {
      return List.of();
    }
    List<String> words = commands.words(node, field);
    List<String> names =
        words.stream().flatMap(word -> Placeholder.namesIn(word).stream()).toList();
    if (!names.equals(List.of(what.key()))) {
      yaml.problem(node, field, "must contain " + what + " exactly once, and no other placeholder");
    }
    return words;
  }

  private Optional<SessionFileForm> sessionId(@Nullable Node node, String field) {
    if (node == null) {
      return Optional.empty();
    }
    Map<String, Node> fields = yaml.mapping(node, field, SESSION_ID);
    List<String> files =
        required(node, fields, field, "files")
            .map(it -> files(it, field + ".files"))
            .orElse(List.of());
    Optional<JsonPointer> id = pointer(node, fields, field, "id");
    Optional<JsonPointer> workdir = pointer(node, fields, field, "workdir");
    return id.isPresent() && workdir.isPresent()
        ? Optional.of(new SessionFileForm(files, id.get(), workdir.get()))
        : Optional.empty();
  }

  private List<String> files(Node node, String field) {
    List<String> files = commands.words(node, field);
    for (int i = 0; i < files.size(); i++) {
      if (!FILES.matcher(files.get(i)).matches() || files.get(i).contains("/../")) {
        yaml.problem(
            yaml.items(node, field).get(i),
            field + "[" + i + "]",
            "must be a variable and names below it, such as $HOME/.tool/*.jsonl");
      }
    }
    return files;
  }

  private Optional<JsonPointer> pointer(
      Node node, Map<String, Node> fields, String field, String key) {
    return required(node, fields, field, key).flatMap(it -> pointer(it, field + "." + key));
  }

  private Optional<JsonPointer> pointer(Node node, String field) {
    String text = yaml.text(node, field);
    if (text == null) {
      return Optional.empty();
    }
    if (!text.startsWith("/") || text.length() == 1) {
      yaml.problem(node, field, "must be a JSON pointer, such as /payload/id");
      return Optional.empty();
    }
    return Optional.of(JsonPointer.compile(text));
  }

  /** One key, or a list of them. */
  private String keys(@Nullable Node node, String field, String otherwise) {
    if (node == null) {
      return otherwise;
    }
    boolean several = YamlFields.isList(node);
    List<Node> items = several ? yaml.items(node, field) : List.of(node);
    StringBuilder sent = new StringBuilder();
    for (int i = 0; i < items.size(); i++) {
      String path = several ? field + "[" + i + "]" : field;
      String name = yaml.text(items.get(i), path);
      if (name != null) {
        Optional<String> key = Keys.sent(name);
        key.ifPresent(sent::append);
        if (key.isEmpty()) {
          yaml.problem(items.get(i), path, "'" + name + "' is no key: give " + Keys.KNOWN);
        }
      }
    }
    return sent.toString();
  }

  private List<QuestionForm> questions(@Nullable Node node, String field) {
    List<QuestionForm> questions = new ArrayList<>();
    if (node != null) {
      List<Node> items = yaml.items(node, field);
      for (int i = 0; i < items.size(); i++) {
        question(items.get(i), field + "[" + i + "]").ifPresent(questions::add);
      }
    }
    return questions;
  }

  private Optional<QuestionForm> question(Node node, String field) {
    Map<String, Node> fields = yaml.mapping(node, field, QUESTION);
    Optional<Pattern> pattern =
        required(node, fields, field, "pattern")
            .flatMap(it -> patterns.telling(it, field + ".pattern"));
    Node tool = fields.get("tool");
    String toolName = tool == null ? null : yaml.text(tool, field + ".tool");
    List<AnswerForm> answers = new ArrayList<>();
    required(node, fields, field, "answers")
        .ifPresent(list -> {
          List<Node> items = yaml.items(list, field + ".answers");
          for (int i = 0; i < items.size(); i++) {
            answer(items.get(i), field + ".answers[" + i + "]").ifPresent(answers::add);
          }
        });
    return pattern.map(it -> new QuestionForm(it, toolName == null ? "" : toolName, answers));
  }

  private Optional<AnswerForm> answer(Node node, String field) {
    Map<String, Node> fields = yaml.mapping(node, field, ANSWER);
    Optional<Pattern> pattern =
        required(node, fields, field, "pattern")
            .flatMap(it -> patterns.telling(it, field + ".pattern"));
    Optional<String> kind =
        required(node, fields, field, "kind").map(it -> yaml.oneOf(it, field + ".kind", KINDS));
    Optional<String> keys =
        required(node, fields, field, "keys").map(it -> keys(it, field + ".keys", ""));
    if (pattern.isEmpty() || kind.isEmpty() || keys.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new AnswerForm(
            pattern.get(),
            AnswerForm.Kind.valueOf(kind.get().toUpperCase(Locale.ROOT)),
            keys.get()));
  }

  private static List<String> words(Enum<?>... values) {
    return Arrays.stream(values).map(value -> value.name().toLowerCase(Locale.ROOT)).toList();
  }
}
