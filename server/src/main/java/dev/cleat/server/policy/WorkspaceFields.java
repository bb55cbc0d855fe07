package dev.cleat.server.policy;

import dev.cleat.server.yaml.YamlFields;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads the workspaces of a policy file. For one file and one thread. */
final class WorkspaceFields {
  private static final List<String> FIELDS =
      List.of(
          "isolation",
          "prefix",
          "pipes_prefix",
          "env",
          "limits",
          "roots",
          "home",
          "read_only",
          "network",
          "users");
  private static final List<String> LIMITS =
      List.of("memory", "processes", "open_files", "file_size", "cpu", "cpu_time");
  private static final List<String> ISOLATIONS =
      Arrays.stream(Isolation.values()).map(Isolation::toString).toList();

  private final YamlFields yaml;
  private final PolicyFields fields;

  WorkspaceFields(YamlFields yaml, PolicyFields fields) {
    this.yaml = yaml;
    this.fields = fields;
  }

  WorkspacePolicy workspace(String name, Node node, String field) {
    Map<String, Node> values =
        YamlFields.isNull(node) ? Map.of() : yaml.mapping(node, field, FIELDS);
    Isolation isolation = isolation(values.get("isolation"), field + ".isolation");
    Optional<Prefix> prefix = prefix(values.get("prefix"), field + ".prefix");
    Optional<Prefix> pipes = prefix(values.get("pipes_prefix"), field + ".pipes_prefix");
    Node passed = values.get("env");
    WorkspacePolicy workspace =
        new WorkspacePolicy(
            name,
            isolation,
            prefix,
            pipes.isPresent() ? pipes : prefix,
            passed == null ? Names.NONE : fields.names(passed, field + ".env"),
            limits(values.get("limits"), field + ".limits"),
            fields.tenantPaths(values.get("roots"), field + ".roots"),
            fields.tenantPath(values.get("home"), field + ".home"),
            fields.paths(values.get("read_only"), field + ".read_only"),
            fields.truth(values.get("network"), field + ".network", true),
            fields.users(values.get("users"), field + ".users"));
    check(workspace, values, node, field);
    return workspace;
  }

  private Isolation isolation(@Nullable Node node, String field) {
    String word = node == null ? null : yaml.oneOf(node, field, ISOLATIONS);
    return Arrays.stream(Isolation.values())
        .filter(isolation -> isolation.toString().equals(word))
        .findFirst()
        .orElse(Isolation.SAME_USER);
  }

  private Limits limits(@Nullable Node node, String field) {
    if (node == null) {
      return Limits.NONE;
    }
    Map<String, Node> values = yaml.mapping(node, field, LIMITS);
    return new Limits(
        fields.size(values.get("memory"), field + ".memory"),
        fields.number(values.get("processes"), field + ".processes"),
        fields.number(values.get("open_files"), field + ".open_files"),
        fields.size(values.get("file_size"), field + ".file_size"),
        fields.cpus(values.get("cpu"), field + ".cpu"),
        fields.duration(values.get("cpu_time"), field + ".cpu_time"));
  }

  private Optional<Prefix> prefix(@Nullable Node node, String field) {
    List<Node> items = node == null ? List.of() : yaml.items(node, field);
    List<Prefix.Part> parts = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      parts.add(part(items.get(i), field + "[" + i + "]", i == 0));
    }
    return parts.isEmpty() || parts.getFirst().words().isEmpty()
        ? Optional.empty()
        : Optional.of(new Prefix(parts));
  }

  private Prefix.Part part(Node node, String field, boolean program) {
    boolean optional = YamlFields.isList(node);
    if (program && optional) {
      yaml.problem(node, field, "the program must be a word");
    }
    List<String> words =
        optional
            ? fields.words(node, field)
            : Optional.ofNullable(yaml.text(node, field)).map(List::of).orElse(List.of());
    words.stream()
        .flatMap(word -> Prefix.PLACEHOLDER.matcher(word).results())
        .filter(found -> program || !Prefix.PLACEHOLDERS.contains(found.group()))
        .forEach(found ->
            yaml.problem(
                node,
                field,
                program
                    ? "the program must not have a placeholder"
                    : "unknown placeholder %s; there are %s"
                        .formatted(found.group(), String.join(", ", Prefix.PLACEHOLDERS))));
    String first = words.isEmpty() ? "" : words.getFirst();
    if (program && (first.isEmpty() || (!first.startsWith("/") && first.indexOf('/') >= 0))) {
      yaml.problem(node, field, "must be the name of a program or an absolute path");
    }
    return new Prefix.Part(words, optional);
  }

  private void check(WorkspacePolicy workspace, Map<String, Node> values, Node node, String field) {
    boolean elsewhere = workspace.prefix().isPresent();
    if (elsewhere && workspace.isolation() != Isolation.SAME_USER) {
      yaml.problem(
          node, field + ".prefix", "what it starts is isolated by itself: leave isolation out");
    }
    if (!elsewhere) {
      refuse(values, field, "pipes_prefix", "goes with prefix");
      refuse(values, field, "env", "goes with prefix");
    } else {
      refuse(values, field, "home", "is what the prefix's program makes it");
      refuse(values, field, "limits", "are those of what the prefix leads to");
    }
    if (workspace.isolation() != Isolation.SANDBOX) {
      refuse(values, field, "read_only", "goes with isolation: sandbox");
      refuse(values, field, "network", "goes with isolation: sandbox");
    }
    if (workspace.isolation() == Isolation.SAME_USER) {
      refuse(values, field, "users", "goes with isolation: own-user or sandbox");
    }
    if (workspace.isolation() == Isolation.OWN_USER && workspace.roots().isEmpty()) {
      yaml.problem(
          node,
          field + ".roots",
          "is missing: the tenants' users cannot enter the server's own folder");
    }
  }

  private void refuse(Map<String, Node> values, String field, String key, String message) {
    Node node = values.get(key);
    if (node != null) {
      yaml.problem(node, YamlFields.child(field, key), message);
    }
  }
}
