package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_PERMISSION_DENIED;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_SESSION_NOT_FOUND;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.FieldMask;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Timestamp;
import dev.cleat.server.auth.Caller;
import dev.cleat.server.journal.Entry;
import dev.cleat.server.journal.Journal;
import dev.cleat.server.journal.JournalOptions;
import dev.cleat.server.journal.JournalRoot;
import dev.cleat.server.journal.JournalRootOptions;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.Created;
import dev.cleat.v1.Event;
import dev.cleat.v1.Exited;
import dev.cleat.v1.GetActiveRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.ListTurnsRequest;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.Role;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionChange;
import dev.cleat.v1.SessionState;
import dev.cleat.v1.StateChanged;
import dev.cleat.v1.Turn;
import dev.cleat.v1.UpdateRequest;
import dev.cleat.v1.WatchRequest;
import dev.cleat.v1.WatchResponse;
import io.grpc.Status.Code;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A data folder that was written before there were tenants: all of it is there, in the first. */
class DataOfBeforeTest {
  private static final Map<String, String> KEPT = Map.of("retention.ended", "0s");
  private static final Timestamp TIME = Timestamp.newBuilder().setSeconds(1_700_000_000).build();

  @TempDir Path data;

  /** A message as it was appended, its number in its first field. */
  private record Written(MessageLite message) implements Entry {
    @Override
    public int sizeAt(long seq) {
      return message.getSerializedSize();
    }

    @Override
    public void encodeAt(long seq, ByteBuffer target) {
      try {
        final CodedOutputStream out = CodedOutputStream.newInstance(target);
        message.writeTo(out);
        out.flush();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static Session.Builder old() {
    return Session.newBuilder()
        .setId("old")
        .setName("before")
        .setTool("sh")
        .setEpoch(1)
        .setCreateTime(TIME);
  }

  private static Event.Builder state(SessionState state) {
    return Event.newBuilder().setStateChanged(StateChanged.newBuilder().setState(state).setRun(1));
  }

  private void write() throws Exception {
    final List<Event.Builder> events =
        List.of(
            Event.newBuilder().setCreated(Created.newBuilder().setSession(old())),
            state(SessionState.SESSION_STATE_RUNNING),
            Event.newBuilder().setExited(Exited.newBuilder().setRun(1)),
            state(SessionState.SESSION_STATE_EXITED));
    try (JournalRoot journals =
        JournalRoot.open(data.resolve("journals"), JournalRootOptions.defaults())) {
      final Journal journal = journals.create("old", JournalOptions.defaults());
      for (Event.Builder event : events) {
        journal.append(new Written(event.setSeq(journal.nextSeq()).setTime(TIME).build()));
      }
      final Journal changes = journals.create("_changes", JournalOptions.defaults());
      for (int i = 1; i <= 2; i++) {
        changes.append(
            new Written(
                SessionChange.newBuilder()
                    .setSeq(i)
                    .setTime(TIME)
                    .setSession(old())
                    .setEpoch(1)
                    .build()));
      }
    }
    try (Connection state = DriverManager.getConnection("jdbc:sqlite:" + data.resolve("state.db"));
        Statement statement = state.createStatement();
        InputStream script =
            Objects.requireNonNull(
                DataOfBeforeTest.class.getResourceAsStream("state-before-tenants.sql"))) {
      statement.executeUpdate(new String(script.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  private static Caller inFirstTenant(Role role) {
    return new Caller(Caller.DEFAULT_TENANT, "ann", role, null);
  }

  private static List<SessionChange> changes(TestServer server, int count) {
    final Iterator<WatchResponse> responses =
        server
            .sessions()
            .withDeadlineAfter(30, TimeUnit.SECONDS)
            .watch(WatchRequest.newBuilder().setAfterSeq(0).setEpoch(1).build());
    final List<SessionChange> changes = new ArrayList<>();
    while (changes.size() < count) {
      final WatchResponse response = responses.next();
      if (response.hasChange()) {
        changes.add(response.getChange());
      }
    }
    return changes;
  }

  @Test
  void everythingIsThereAndBelongsToTheFirstTenant() throws Exception {
    write();
    final GetRequest get = GetRequest.newBuilder().setSessionId("old").build();
    try (TestServer server = TestServer.start(data, KEPT)) {
      final Session session = server.sessions().get(get).getSession();
      assertThat(session.getTenant()).isEqualTo("default");
      assertThat(session.getOwner()).isEmpty();
      assertThat(session.getState()).isEqualTo(SessionState.SESSION_STATE_EXITED);
      assertThat(session.getHeadSeq()).isEqualTo(4);
      assertThat(
              server
                  .sessions()
                  .readEvents(ReadEventsRequest.newBuilder().setName("before").build())
                  .getEventsList())
          .extracting(Event::getSeq)
          .containsExactly(1L, 2L, 3L, 4L);
      assertThat(
              server
                  .sessions()
                  .listTurns(ListTurnsRequest.newBuilder().setSessionId("old").build())
                  .getTurnsList())
          .extracting(Turn::getId)
          .containsExactly("turn-1");
      assertThat(
              server
                  .sessions()
                  .getActive(GetActiveRequest.newBuilder().setCaller("me").build())
                  .getSession()
                  .getId())
          .isEqualTo("old");
      assertThat(server.sessions().list(ListRequest.getDefaultInstance()).getSessionsList())
          .extracting(Session::getTenant)
          .containsExactly("default");

      final Caller stranger = new Caller("blue", "ann", Role.ROLE_ADMIN, null);
      Refused.by(() -> server.sessions(stranger).get(get))
          .with(Code.NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND);
      assertThat(
              server
                  .sessions(stranger)
                  .create(
                      CreateRequest.newBuilder()
                          .setTool("sh")
                          .addArgs("-c")
                          .addArgs("true")
                          .setSessionId("old")
                          .setName("before")
                          .build())
                  .getCreated())
          .isTrue();

      final UpdateRequest update =
          UpdateRequest.newBuilder()
              .setSessionId("old")
              .setSession(Session.newBuilder().setModel("m"))
              .setUpdateMask(FieldMask.newBuilder().addPaths("model"))
              .build();
      Refused.by(() -> server.sessions(inFirstTenant(Role.ROLE_OWNER)).update(update))
          .with(Code.PERMISSION_DENIED, ERROR_REASON_PERMISSION_DENIED);
      server.sessions(inFirstTenant(Role.ROLE_ADMIN)).update(update);
      final List<SessionChange> changes = changes(server, 3);
      assertThat(changes).extracting(SessionChange::getSeq).containsExactly(1L, 2L, 3L);
      assertThat(changes.getLast().getSession().getTenant()).isEqualTo("default");
    }
    try (TestServer server = TestServer.start(data, KEPT)) {
      assertThat(server.sessions().get(get).getSession().getModel()).isEqualTo("m");
      assertThat(changes(server, 3)).hasSize(3);
      assertThat(Files.isDirectory(data.resolve("journals/journals/blue_old"))).isTrue();
    }
  }

  @Test
  void aSessionThatTheStoreHasLostIsReadBackFromItsJournal() throws Exception {
    write();
    Files.delete(data.resolve("state.db"));
    try (TestServer server = TestServer.start(data, KEPT)) {
      final Session session =
          server.sessions().get(GetRequest.newBuilder().setName("before").build()).getSession();
      assertThat(session.getTenant()).isEqualTo("default");
      assertThat(session.getOwner()).isEmpty();
    }
  }
}
