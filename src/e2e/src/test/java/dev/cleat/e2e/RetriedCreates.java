package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.ListResponse;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionFilter;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A caller that creates sessions, and repeats with the same request id what the server went down
 * over. Each session writes a line into a file of its own when its process starts, and ends with
 * its terminal.
 *
 * <p>Safe for use by any thread.
 */
final class RetriedCreates {
  private static final String LABEL = "request";
  private static final int REPEATED = 5;

  private final Path folder;
  private final Map<String, String> answers = new LinkedHashMap<>();
  private final List<String> unanswered = new ArrayList<>();
  private int next;

  /** The files come into this folder. */
  RetriedCreates(Path folder) throws IOException {
    this.folder = Files.createDirectory(folder);
  }

  /** Creates one after the other until the server is gone. */
  void untilGone(SessionServiceBlockingStub server) {
    while (true) {
      String id = nextId();
      try {
        answered(id, server.create(request(id)).getSession());
      } catch (StatusRuntimeException e) {
        RetriedPrompts.assertGone(e);
        synchronized (this) {
          unanswered.add(id);
        }
        return;
      }
    }
  }

  private synchronized String nextId() {
    return "create-" + next++;
  }

  /** How many have been answered. */
  synchronized int count() {
    return answers.size();
  }

  private synchronized void answered(String id, Session session) {
    String before = answers.putIfAbsent(id, session.getId());
    if (before != null) {
      assertThat(session.getId()).as("the session of %s", id).isEqualTo(before);
    }
  }

  /** Repeats what was not answered, and some of what was. */
  void retry(SessionServiceBlockingStub server) {
    List<String> ids;
    synchronized (this) {
      unanswered.forEach(id -> answers.computeIfAbsent(id, none -> create(server, none)));
      unanswered.clear();
      ids = new ArrayList<>(answers.keySet());
    }
    for (String id : ids.reversed().subList(0, Math.min(REPEATED, ids.size()))) {
      answered(id, server.create(request(id)).getSession());
    }
  }

  private String create(SessionServiceBlockingStub server, String id) {
    return server.create(request(id)).getSession().getId();
  }

  private CreateRequest request(String id) {
    return CreateRequest.newBuilder()
        .setTool("sh")
        .addArgs("-c")
        .addArgs("echo started >> '" + folder.resolve(id) + "'; exec cat")
        .setRequestId(id)
        .putLabels(LABEL, id)
        .build();
  }

  /** Each request made one session, and that started once. */
  void assertOnce(SessionServiceBlockingStub server) throws IOException {
    Map<String, String> found = new LinkedHashMap<>();
    for (Session session : all(server)) {
      String id = session.getLabelsOrDefault(LABEL, "");
      if (!id.isEmpty()) {
        assertThat(found.put(id, session.getId())).as("a second session of %s", id).isNull();
      }
    }
    assertThat(found).isEqualTo(answers);
    for (String id : found.keySet()) {
      Path file = folder.resolve(id);
      // Killed before its first command, it has written nothing.
      assertThat(Files.exists(file) ? Files.readAllLines(file).size() : 0)
          .as("starts of %s", id)
          .isLessThanOrEqualTo(1);
    }
  }

  private static List<Session> all(SessionServiceBlockingStub server) {
    List<Session> sessions = new ArrayList<>();
    String token = "";
    do {
      ListResponse page =
          server.list(
              ListRequest.newBuilder()
                  .setFilter(SessionFilter.getDefaultInstance())
                  .setPageToken(token)
                  .build());
      sessions.addAll(page.getSessionsList());
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    return sessions;
  }
}
