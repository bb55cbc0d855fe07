package dev.cleat.server.policy;

import dev.cleat.server.yaml.Problem;
import dev.cleat.server.yaml.WrongFileException;
import dev.cleat.server.yaml.YamlFields;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads a policy file. For one file and one thread. */
final class PolicyFile {
  private static final Pattern WORKSPACE = Pattern.compile("[^\\p{Cntrl}*]{1,200}");
  private static final List<String> TENANT_FIELDS =
      List.of(
          "tools",
          "env",
          "secret_env",
          "workdir_roots",
          "workspaces",
          "default_workspace",
          "user",
          "quotas");
  private final YamlFields yaml;
  private final PolicyFields fields;

  private PolicyFile(String file) {
    yaml = new YamlFields(file);
    fields = new PolicyFields(yaml);
  }

  /**
   * The policy of a text.
   *
   * @param file named in mistakes
   */
  static Policy.Contents read(String file, String text) throws WrongFileException {
    PolicyFile reader = new PolicyFile(file);
    Policy.Contents contents = reader.contents(text);
    List<Problem> problems = reader.yaml.problems();
    if (!problems.isEmpty()) {
      throw new WrongFileException(problems);
    }
    return contents;
  }

  private Policy.Contents contents(String text) {
    Optional<Node> root = yaml.document(text);
    if (root.isEmpty()) {
      return Policy.Contents.NONE;
    }
    Map<String, Node> sections = yaml.mapping(root.get(), "", List.of("tenants", "workspaces"));
    Map<String, WorkspacePolicy> workspaces = new LinkedHashMap<>();
    WorkspaceFields reader = new WorkspaceFields(yaml, fields);
    entries(sections.get("workspaces"), "workspaces")
        .forEach((name, node) -> {
          String field = YamlFields.child("workspaces", name);
          if (!WORKSPACE.matcher(name).matches()) {
            yaml.problem(node, field, "a workspace's name is 1 to 200 characters, without '*'");
          }
          workspaces.put(name, reader.workspace(name, node, field));
        });
    Node tenants = sections.get("tenants");
    return new Policy.Contents(tenants == null ? null : tenants(tenants, workspaces), workspaces);
  }

  private Map<String, Node> entries(@Nullable Node node, String field) {
    return node == null || YamlFields.isNull(node) ? Map.of() : yaml.mapping(node, field);
  }

  private Map<String, TenantEntry> tenants(Node node, Map<String, WorkspacePolicy> workspaces) {
    Map<String, TenantEntry> tenants = new LinkedHashMap<>();
    Map<Integer, String> users = new LinkedHashMap<>();
    entries(node, "tenants")
        .forEach((name, entry) -> {
          String field = YamlFields.child("tenants", name);
          if (!name.equals(Policy.OTHERS) && !TenantPath.isTenant(name)) {
            yaml.problem(
                entry,
                field,
                "a tenant's name is 1 to 63 of a-z, 0-9 and '-', and begins with a letter or"
                    + " digit");
          }
          TenantEntry tenant = tenant(entry, field);
          check(name, tenant, entry, field, workspaces);
          if (name.equals(Policy.OTHERS) && tenant.user().isPresent()) {
            yaml.problem(entry, field + ".user", "would be that of several tenants; name each");
          }
          tenant
              .user()
              .ifPresent(user -> {
                String other = users.putIfAbsent(user, name);
                if (other != null) {
                  yaml.problem(entry, field + ".user", user + " is the user of tenant " + other);
                }
              });
          tenants.put(name, tenant);
        });
    return tenants;
  }

  private TenantEntry tenant(Node node, String field) {
    Map<String, Node> values =
        YamlFields.isNull(node) ? Map.of() : yaml.mapping(node, field, TENANT_FIELDS);
    Node workspace = values.get("default_workspace");
    Node user = values.get("user");
    return new TenantEntry(
        names(values, field, "tools", Names.ALL),
        names(values, field, "env", Names.ALL),
        names(values, field, "secret_env", Names.NONE),
        fields.tenantPaths(values.get("workdir_roots"), field + ".workdir_roots"),
        names(values, field, "workspaces", Names.ALL),
        Optional.ofNullable(workspace).map(value -> yaml.text(value, field + ".default_workspace")),
        user == null ? OptionalInt.empty() : fields.user(user, field + ".user"),
        quotas(values.get("quotas"), field + ".quotas"));
  }

  private Quotas quotas(@Nullable Node node, String field) {
    Map<String, Node> values =
        node == null || YamlFields.isNull(node)
            ? Map.of()
            : yaml.mapping(node, field, Arrays.stream(Quota.values()).map(Quota::word).toList());
    Map<Quota, Long> limits = new EnumMap<>(Quota.class);
    values.forEach((word, value) ->
        Quota.of(word)
            .ifPresent(quota -> {
              String itsField = YamlFields.child(field, word);
              OptionalLong limit =
                  quota.unit() == Quota.Unit.BYTES
                      ? fields.size(value, itsField)
                      : fields.number(value, itsField);
              if (limit.isPresent() && limit.getAsLong() < quota.least()) {
                yaml.problem(value, itsField, "must be at least " + quota.least());
              }
              limit.ifPresent(number -> limits.put(quota, number));
            }));
    return new Quotas(limits);
  }

  private Names names(Map<String, Node> values, String field, String key, Names otherwise) {
    Node node = values.get(key);
    return node == null ? otherwise : fields.names(node, YamlFields.child(field, key));
  }

  /** What a tenant says of workspaces must fit them. */
  private void check(
      String name,
      TenantEntry tenant,
      Node node,
      String field,
      Map<String, WorkspacePolicy> workspaces) {
    tenant.workspaces().patterns().stream()
        .filter(pattern -> !pattern.endsWith("*") && !workspaces.containsKey(pattern))
        .forEach(pattern ->
            yaml.problem(
                node, field + ".workspaces", "there is no workspace '" + pattern + "' here"));
    tenant
        .defaultWorkspace()
        .filter(chosen -> !workspaces.containsKey(chosen) || !tenant.workspaces().has(chosen))
        .ifPresent(chosen ->
            yaml.problem(
                node,
                field + ".default_workspace",
                "'" + chosen + "' is no workspace here, or none that the tenant may use"));
    for (WorkspacePolicy workspace : workspaces.values()) {
      if (workspace.isolation() != Isolation.OWN_USER
          || !tenant.workspaces().has(workspace.name())) {
        continue;
      }
      if (tenant.user().isEmpty()) {
        yaml.problem(
            node,
            field + ".user",
            "is missing: workspace '%s' gives each tenant a user of its own; if %s may not use it,"
                    .formatted(workspace.name(), name)
                + " say so by workspaces");
      } else if (!workspace.users().has(tenant.user().getAsInt())) {
        yaml.problem(
            node,
            field + ".user",
            "is not among the users of workspace '" + workspace.name() + "'");
      }
    }
  }
}
