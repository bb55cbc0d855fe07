package dev.cleat.server.policy;

import dev.cleat.server.yaml.YamlFields;
import java.math.BigDecimal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Reads the kinds of values that a policy file has. What is not there is empty; so is what is
 * wrong, which is noted. For one file and one thread.
 */
final class PolicyFields {
  private static final Pattern NUMBER = Pattern.compile("\\d{1,12}");
  private static final Pattern SIZE = Pattern.compile("(\\d{1,12})(B|KiB|MiB|GiB|TiB)?");
  private static final Pattern CPUS = Pattern.compile("\\d{1,4}(\\.\\d{1,3})?");
  private static final Pattern TIME = Pattern.compile("(\\d{1,9})([smh])");
  private static final List<String> UNITS = List.of("B", "KiB", "MiB", "GiB", "TiB");
  private static final Pattern NAME = Pattern.compile("[^*=\\x00]*\\*?");

  private final YamlFields yaml;

  PolicyFields(YamlFields yaml) {
    this.yaml = yaml;
  }

  /** Words; an empty list is one. */
  List<String> words(Node node, String field) {
    if (!YamlFields.isList(node)) {
      yaml.problem(node, field, "must be a list");
      return List.of();
    }
    List<String> words = new ArrayList<>();
    List<Node> items = YamlFields.isEmpty(node) ? List.of() : yaml.items(node, field);
    for (int i = 0; i < items.size(); i++) {
      String word = yaml.text(items.get(i), field + "[" + i + "]");
      words.add(word == null ? "" : word);
    }
    return words;
  }

  Names names(Node node, String field) {
    List<String> words = words(node, field);
    for (int i = 0; i < words.size(); i++) {
      if (words.get(i).isEmpty() || !NAME.matcher(words.get(i)).matches()) {
        yaml.problem(
            node, field + "[" + i + "]", "must be a name, or what names begin with and a '*'");
      }
    }
    return new Names(words);
  }

  List<TenantPath> tenantPaths(@Nullable Node node, String field) {
    List<TenantPath> paths = new ArrayList<>();
    List<String> words = node == null ? List.of() : words(node, field);
    for (int i = 0; i < words.size(); i++) {
      if (node != null && isAbsolute(node, field + "[" + i + "]", words.get(i))) {
        paths.add(new TenantPath(words.get(i)));
      }
    }
    return paths;
  }

  Optional<TenantPath> tenantPath(@Nullable Node node, String field) {
    String text = node == null ? null : yaml.text(node, field);
    return node != null && text != null && isAbsolute(node, field, text)
        ? Optional.of(new TenantPath(text))
        : Optional.empty();
  }

  List<Path> paths(@Nullable Node node, String field) {
    return node == null
        ? List.of()
        : words(node, field).stream()
            .filter(word -> isAbsolute(node, field, word))
            .map(Path::of)
            .toList();
  }

  private boolean isAbsolute(Node node, String field, String text) {
    try {
      if (Path.of(text).isAbsolute()) {
        return true;
      }
    } catch (InvalidPathException e) {
      // Nor is it a path.
    }
    yaml.problem(node, field, "must be an absolute path");
    return false;
  }

  OptionalLong number(@Nullable Node node, String field) {
    String text = node == null ? null : yaml.text(node, field);
    if (node == null || text == null) {
      return OptionalLong.empty();
    }
    if (!NUMBER.matcher(text).matches()) {
      yaml.problem(node, field, "must be a number");
      return OptionalLong.empty();
    }
    return OptionalLong.of(Long.parseLong(text));
  }

  OptionalLong size(@Nullable Node node, String field) {
    String text = node == null ? null : yaml.text(node, field);
    if (node == null || text == null) {
      return OptionalLong.empty();
    }
    Matcher matcher = SIZE.matcher(text);
    if (matcher.matches()) {
      int unit = matcher.group(2) == null ? 0 : UNITS.indexOf(matcher.group(2));
      BigDecimal bytes =
          new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(1L << (10 * unit)));
      if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0) {
        return OptionalLong.of(bytes.longValueExact());
      }
    }
    yaml.problem(node, field, "must be a size such as 64KiB, 512MiB or 2GiB");
    return OptionalLong.empty();
  }

  /** Thousandths of a processor. */
  OptionalLong cpus(@Nullable Node node, String field) {
    String text = node == null ? null : yaml.text(node, field);
    if (node == null || text == null) {
      return OptionalLong.empty();
    }
    if (CPUS.matcher(text).matches()) {
      long milli = new BigDecimal(text).movePointRight(3).longValueExact();
      if (milli >= 10) {
        return OptionalLong.of(milli);
      }
    }
    yaml.problem(node, field, "must be a number of processors such as 0.5 or 2");
    return OptionalLong.empty();
  }

  Optional<Duration> duration(@Nullable Node node, String field) {
    String text = node == null ? null : yaml.text(node, field);
    if (node == null || text == null) {
      return Optional.empty();
    }
    Matcher matcher = TIME.matcher(text);
    long number = matcher.matches() ? Long.parseLong(matcher.group(1)) : 0;
    if (number == 0) {
      yaml.problem(node, field, "must be a duration such as 30s, 10m or 2h");
      return Optional.empty();
    }
    return Optional.of(
        switch (matcher.group(2)) {
          case "s" -> Duration.ofSeconds(number);
          case "m" -> Duration.ofMinutes(number);
          default -> Duration.ofHours(number);
        });
  }

  boolean truth(@Nullable Node node, String field, boolean otherwise) {
    String word = node == null ? null : yaml.oneOf(node, field, List.of("true", "false"));
    return word == null ? otherwise : word.equals("true");
  }

  OptionalInt user(Node node, String field) {
    String text = yaml.text(node, field);
    return text == null ? OptionalInt.empty() : user(node, field, text);
  }

  private OptionalInt user(Node node, String field, String text) {
    if (NUMBER.matcher(text).matches()) {
      long user = Long.parseLong(text);
      // The largest number means none.
      if (user >= 1 && user < Integer.MAX_VALUE) {
        return OptionalInt.of((int) user);
      }
    }
    yaml.problem(node, field, "must be a user's number, and not root's");
    return OptionalInt.empty();
  }

  WorkspacePolicy.UserRange users(@Nullable Node node, String field) {
    String text = node == null ? null : yaml.text(node, field);
    if (node == null || text == null) {
      return WorkspacePolicy.UserRange.ALL;
    }
    String[] ends = text.split("-", -1);
    if (ends.length == 2) {
      OptionalInt first = user(node, field, ends[0].strip());
      OptionalInt last = user(node, field, ends[1].strip());
      if (first.isPresent() && last.isPresent() && first.getAsInt() <= last.getAsInt()) {
        return new WorkspacePolicy.UserRange(first.getAsInt(), last.getAsInt());
      }
    }
    yaml.problem(node, field, "must be two users' numbers such as 20000-20999");
    return WorkspacePolicy.UserRange.ALL;
  }
}
