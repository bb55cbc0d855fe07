package dev.cleat.server.store;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which rows of {@code session s}: what follows FROM, and its values in their order.
 *
 * @param sql from WHERE on, if anything
 * @param values one for each question mark
 */
record SessionSelection(String sql, List<Object> values) {
  static SessionSelection where(String condition, Object... values) {
    return new SessionSelection("WHERE " + condition, List.of(values));
  }

  /** A page of a list. */
  static SessionSelection page(SessionQuery query, @Nullable SessionCursor after, int limit) {
    Conditions conditions = new Conditions();
    conditions.add(query);
    if (after != null) {
      conditions.add("(s.created_nanos, s.id) > (?, ?)", after.createdNanos(), after.id());
    }
    conditions.values.add(limit);
    String where =
        conditions.sql.isEmpty() ? "" : "WHERE " + String.join(" AND ", conditions.sql) + " ";
    return new SessionSelection(
        where + "ORDER BY s.created_nanos, s.id LIMIT ?", conditions.values);
  }

  private static final class Conditions {
    private final List<String> sql = new ArrayList<>();
    private final List<Object> values = new ArrayList<>();

    void add(SessionQuery query) {
      addIfSet("s.tenant = ?", query.tenant());
      addIfSet("s.owner = ?", query.owner());
      if (!query.states().isEmpty()) {
        add("s.state IN (" + placeholders(query.states().size()) + ")", query.states().toArray());
      }
      addIfSet("s.tool = ?", query.tool());
      addIfSet("s.workspace = ?", query.workspace());
      addIfSet("s.parent_id = ?", query.parentId());
      query
          .labels()
          .forEach((label, content) ->
              add(
                  """
                  EXISTS (SELECT 1 FROM session_label l
                    WHERE l.session_id = s.id AND l.label = ? AND l.content = ?)\
                  """,
                  label,
                  content));
      if (!query.namePrefix().isEmpty()) {
        // Not LIKE: that has wildcards, and minds the case in one database and not in the other.
        add("substr(s.name, 1, length(?)) = ?", query.namePrefix(), query.namePrefix());
      }
      if (!query.includeInternal()) {
        add("s.internal = 0");
      }
    }

    private void addIfSet(String condition, @Nullable String value) {
      if (value != null) {
        add(condition, value);
      }
    }

    void add(String condition, Object... its) {
      sql.add(condition);
      Collections.addAll(values, its);
    }
  }

  /** So many question marks. */
  static String placeholders(int count) {
    return String.join(", ", Collections.nCopies(count, "?"));
  }
}
