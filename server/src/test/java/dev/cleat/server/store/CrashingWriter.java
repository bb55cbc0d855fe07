package dev.cleat.server.store;

import static dev.cleat.server.store.Rows.SECRET;
import static dev.cleat.server.store.Rows.request;
import static dev.cleat.server.store.Rows.session;
import static dev.cleat.server.store.Rows.turn;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A process that writes until it is killed, and prints the number of each step that was done. After
 * step n the head is n; there is a session "s-n" with its request, unless n is even and it was
 * deleted; and all members of the group are at n, each with the turns 1 to n.
 */
final class CrashingWriter {
  static final int GROUP = 50;

  private CrashingWriter() {}

  static String member(int i) {
    return "group-" + i;
  }

  public static void main(String[] args) {
    try (Store store = Store.open(Path.of(args[0]))) {
      if (store.metaLong("head").isEmpty()) {
        for (int i = 0; i < GROUP; i++) {
          store.insertSession(session(member(i)), SECRET, null);
        }
        store.putMeta(MetaRow.of("head", 0), MetaRow.of("group", 0));
      }
      long step = store.metaLong("head").orElseThrow();
      store.saveFolds(updates(step), MetaRow.of("group", step));
      while (true) {
        step++;
        String id = "s-" + step;
        store.insertSession(
            session(id),
            SECRET,
            request(RequestRow.Kind.CREATE, id, id, Long.MAX_VALUE),
            MetaRow.of("head", step));
        store.saveFolds(updates(step), MetaRow.of("group", step));
        if (step % 2 == 0) {
          store.deleteSessions(List.of(id), MetaRow.of("deleted", step));
        }
        System.out.println(step);
      }
    }
  }

  private static List<FoldUpdate> updates(long step) {
    List<FoldUpdate> updates = new ArrayList<>();
    for (int i = 0; i < GROUP; i++) {
      List<TurnRow> turns = step == 0 ? List.of() : List.of(turn(member(i), step, true));
      updates.add(new FoldUpdate(session(member(i), null, 0, 1, step), turns));
    }
    return updates;
  }
}
