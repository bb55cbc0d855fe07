package dev.cleat.server.store;

import static dev.cleat.server.store.Rows.SECRET;
import static dev.cleat.server.store.Rows.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionQueryTest {
  @TempDir Path folder;
  private Store store;

  @BeforeEach
  void open() {
    store = Store.open(folder.resolve("cleat.db"));
  }

  @AfterEach
  void close() {
    store.close();
  }

  /** A session to be found by what is said of it. */
  private final class Draft {
    private final String id;
    private @Nullable String name;
    private String tool = "bash";
    private int state = 2;
    private @Nullable String workspace;
    private @Nullable String parent;
    private boolean internal;
    private long created;
    private Map<String, String> labels = Map.of();

    Draft(String id) {
      this.id = id;
    }

    void insert() {
      SessionRow row =
          new SessionRow(
              id,
              "default",
              "owner",
              name,
              tool,
              state,
              workspace,
              parent,
              internal,
              created,
              "",
              labels,
              0,
              1,
              bytes("d"),
              bytes("f"));
      assertThat(store.insertSession(row, SECRET, null)).isEqualTo(new InsertResult.Inserted());
    }

    Draft name(String value) {
      name = value;
      return this;
    }

    Draft tool(String value) {
      tool = value;
      return this;
    }

    Draft state(int value) {
      state = value;
      return this;
    }

    Draft workspace(String value) {
      workspace = value;
      return this;
    }

    Draft parent(String value) {
      parent = value;
      return this;
    }

    Draft internal() {
      internal = true;
      return this;
    }

    Draft created(long value) {
      created = value;
      return this;
    }

    Draft labels(Map<String, String> value) {
      labels = value;
      return this;
    }
  }

  private Draft session(String id) {
    return new Draft(id);
  }

  private List<String> ids(SessionQuery query) {
    return store.sessions(query, null, 100).stream().map(SessionRow::id).toList();
  }

  private static SessionQuery states(Integer... states) {
    return new SessionQuery(null, null, Set.of(states), null, null, null, Map.of(), "", false);
  }

  private static SessionQuery labels(Map<String, String> labels) {
    return new SessionQuery(null, null, Set.of(), null, null, null, labels, "", false);
  }

  private static SessionQuery prefix(String prefix) {
    return new SessionQuery(null, null, Set.of(), null, null, null, Map.of(), prefix, false);
  }

  @Test
  void eachConditionSelectsExactlyItsSessions() {
    session("plain").insert();
    session("zsh").tool("zsh").insert();
    session("ended").state(5).insert();
    session("lost").state(7).insert();
    session("grouped").workspace("w").insert();
    session("child").parent("plain").insert();

    assertThat(ids(states(5))).containsExactly("ended");
    assertThat(ids(states(5, 7))).containsExactlyInAnyOrder("ended", "lost");
    assertThat(ids(states(6))).isEmpty();
    assertThat(ids(new SessionQuery(null, null, Set.of(), "zsh", null, null, Map.of(), "", false)))
        .containsExactly("zsh");
    assertThat(ids(new SessionQuery(null, null, Set.of(), null, "w", null, Map.of(), "", false)))
        .containsExactly("grouped");
    assertThat(
            ids(new SessionQuery(null, null, Set.of(), null, null, "plain", Map.of(), "", false)))
        .containsExactly("child");
    assertThat(store.countSessions(Set.of(2))).isEqualTo(4);
    assertThat(store.countSessions(Set.of(5, 7, 99))).isEqualTo(2);
    assertThat(store.countSessions(Set.of())).isZero();
  }

  @Test
  void internalSessionsAreListedOnlyWhenAsked() {
    session("hidden").parent("p").internal().insert();
    session("shown").parent("p").insert();

    assertThat(ids(states())).containsExactly("shown");
    assertThat(ids(SessionQuery.ALL)).containsExactlyInAnyOrder("hidden", "shown");
    assertThat(store.children("p")).hasSize(2);
  }

  @Test
  void allLabelsMustMatchInNameAndContent() {
    session("ab").labels(Map.of("a", "1", "b", "2")).insert();
    session("a").labels(Map.of("a", "1")).insert();
    session("swapped").labels(Map.of("a", "2", "b", "1")).insert();
    session("none").insert();

    assertThat(ids(labels(Map.of("a", "1")))).containsExactly("a", "ab");
    assertThat(ids(labels(Map.of("a", "1", "b", "2")))).containsExactly("ab");
    assertThat(ids(labels(Map.of("a", "")))).isEmpty();
    assertThat(ids(labels(Map.of("a", "%")))).isEmpty();
    assertThat(ids(labels(Map.of()))).hasSize(4);
  }

  @Test
  void allConditionsMustHoldTogether() {
    session("all").name("n1").state(3).workspace("w").parent("p").labels(Map.of("a", "1")).insert();
    session("almost")
        .name("n2")
        .state(4)
        .workspace("w")
        .parent("p")
        .labels(Map.of("a", "1"))
        .insert();

    assertThat(
            ids(
                new SessionQuery(
                    null, null, Set.of(3), "bash", "w", "p", Map.of("a", "1"), "n", false)))
        .containsExactly("all");
  }

  @Test
  void aPrefixIsLiteralAndMindsTheCase() {
    for (String name :
        List.of("100%", "100x", "a_b", "axb", "Abc", "abc", "ünï🖥x", "\\%", "'q'")) {
      session("s" + name.codePoints().sum() + name.length()).name(name).insert();
    }
    session("nameless").insert();

    assertThat(names(prefix("100%"))).containsExactly("100%");
    assertThat(names(prefix("%"))).isEmpty();
    assertThat(names(prefix("a_"))).containsExactly("a_b");
    assertThat(names(prefix("_"))).isEmpty();
    assertThat(names(prefix("ab"))).containsExactly("abc");
    assertThat(names(prefix("AB"))).isEmpty();
    assertThat(names(prefix("ünï🖥"))).containsExactly("ünï🖥x");
    assertThat(names(prefix("\\"))).containsExactly("\\%");
    assertThat(names(prefix("'"))).containsExactly("'q'");
    assertThat(names(prefix("abcd"))).isEmpty();
    assertThat(store.sessions(prefix(""), null, 100)).hasSize(10);
  }

  private List<@Nullable String> names(SessionQuery query) {
    List<@Nullable String> names = new ArrayList<>();
    store.sessions(query, null, 100).forEach(row -> names.add(row.name()));
    return names;
  }

  @Test
  void theOrderIsByAgeAndThenById() {
    session("c").created(1).insert();
    session("b").created(2).insert();
    session("a").created(2).insert();
    session("0").created(3).insert();
    session("Z").created(2).insert();

    assertThat(ids(SessionQuery.ALL)).containsExactly("c", "Z", "a", "b", "0");
    assertThat(store.sessionIds()).containsExactly("c", "Z", "a", "b", "0");
  }

  @Test
  void pagesTogetherAreTheListWhateverComesAndGoesBetweenThem() {
    for (int i = 0; i < 20; i++) {
      session("s%02d".formatted(i)).created(i / 3).insert();
    }
    List<String> seen = new ArrayList<>();
    SessionCursor cursor = null;
    for (int page = 0; ; page++) {
      List<SessionRow> rows = store.sessions(SessionQuery.ALL, cursor, 3);
      if (rows.isEmpty()) {
        break;
      }
      rows.forEach(row -> seen.add(row.id()));
      cursor = SessionCursor.after(rows.getLast());
      // Behind the page, before it, and the very session that the cursor names.
      session("behind-" + page).created(-1).insert();
      store.deleteSessions(List.of(rows.getFirst().id(), rows.getLast().id()));
    }

    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      expected.add("s%02d".formatted(i));
    }
    assertThat(seen).isEqualTo(expected);
  }

  @Test
  void eachSessionOfAPageHasItsOwnLabels() {
    session("a").created(1).labels(Map.of("x", "1")).insert();
    session("b").created(2).insert();
    session("c").created(3).labels(Map.of("x", "3", "y", "4")).insert();

    List<SessionRow> page = store.sessions(SessionQuery.ALL, new SessionCursor(1, "a"), 2);

    assertThat(page).extracting(SessionRow::id).containsExactly("b", "c");
    assertThat(page)
        .extracting(SessionRow::labels)
        .containsExactly(Map.of(), Map.of("x", "3", "y", "4"));
  }
}
