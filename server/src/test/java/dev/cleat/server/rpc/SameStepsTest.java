package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_SESSION_NOT_FOUND;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.cleat.server.auth.Caller;
import dev.cleat.server.boot.CleatServer;
import dev.cleat.v1.AccessScope;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.Role;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.jfr.Event;
import jdk.jfr.Name;
import jdk.jfr.Recording;
import jdk.jfr.StackTrace;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * How a session is looked for that the caller has no part in: with the same steps as one that never
 * was, so that no time tells which of them it is. Nothing is timed here. The JVM writes down each
 * call of a method of ours, with its callers, and each lock that is taken, for the answer to a
 * call; the two lists must be the same.
 */
@Isolated // It traces methods that other tests' servers call too.
class SameStepsTest {
  private static final String OURS = "dev.cleat.server.";
  private static final String LOCK = "java.util.concurrent.locks.ReentrantLock";

  /** Where sessions and what is stored of them are looked for, all of it. */
  private static final List<String> PACKAGES = List.of("session", "store");

  /** And the way to there and back. */
  private static final List<String> CLASSES = List.of("rpc.Reach", "rpc.Errors", "rpc.Checks");

  /** From before a call to behind its answer. */
  @Name("cleat.test.Asked")
  @StackTrace(false)
  private static final class Asked extends Event {
    @SuppressWarnings("UnusedVariable") // The recorder reads it.
    @Name("question")
    final String question;

    Asked(String question) {
      this.question = question;
    }
  }

  private enum Id {
    OF_ANOTHER("s-1"),
    OF_THE_CALLER("s-2"),
    NEVER_WAS("s-3"),
    NEVER_WAS_EITHER("s-4");

    private final String text;

    Id(String text) {
      this.text = text;
    }
  }

  private static final Caller OWNER = new Caller("here", "me", Role.ROLE_ADMIN, null);
  private static final Caller STRANGER = new Caller("strangers", "they", Role.ROLE_ADMIN, null);
  private static final Caller TICKET =
      new Caller("here", "me", Role.ROLE_ADMIN, Id.OF_THE_CALLER.text);

  @TempDir Path folder;
  private TestServer server;

  /** The session that others look for has a process: it is in memory, too. */
  @BeforeEach
  void start() throws Exception {
    server = TestServer.withTools(folder, FakeAcpAgent.catalogue());
    for (Id id : List.of(Id.OF_ANOTHER, Id.OF_THE_CALLER)) {
      server
          .sessions(OWNER)
          .create(
              CreateRequest.newBuilder()
                  .setTool("sh")
                  .setSessionId(id.text)
                  .putEnv("HOME", folder.toString())
                  .build());
    }
  }

  @AfterEach
  void stop() {
    server.close();
  }

  /**
   * A call, and how it says which session it is about.
   *
   * @param callers who look for it in vain
   */
  private record Way(
      AnyCall call, String by, Function<String, Message> request, List<Caller> callers) {
    String question(Caller caller, Id id) {
      return call.call().name() + " by " + caller.subject() + " of " + id + " " + by;
    }
  }

  private static List<Way> ways() {
    final List<Caller> both = List.of(STRANGER, TICKET);
    final List<Way> ways = new ArrayList<>();
    for (Contract.Call call : Contract.calls()) {
      final AnyCall any = new AnyCall(call);
      if (call.rule().getScope() == AccessScope.ACCESS_SCOPE_SESSION) {
        ways.add(new Way(any, "by id", any::request, both));
        ways.add(new Way(any, "by name", any::requestByName, both));
      }
      if (call.name().equals("Get")) {
        ways.add(
            new Way(
                any,
                "by resume token",
                token -> GetRequest.newBuilder().setResumeToken(token).build(),
                both));
      }
      if (call.name().equals("Create")) {
        // A ticket creates nothing.
        ways.add(
            new Way(
                any,
                "by its child",
                parent -> CreateRequest.newBuilder().setTool("sh").setParentId(parent).build(),
                List.of(STRANGER)));
      }
    }
    return ways;
  }

  private Optional<StatusRuntimeException> ask(Way way, Caller caller, Id id) {
    final Message request = way.request().apply(id.text);
    final Asked asked = new Asked(way.question(caller, id));
    asked.begin();
    final Optional<StatusRuntimeException> refusal = way.call().by(server, caller, request);
    asked.commit();
    return refusal;
  }

  private void askInVain(Way way, Caller caller, Id id) {
    Refused.of(ask(way, caller, id).orElseThrow())
        .with(Status.Code.NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND);
  }

  /** They only hold what others found, and the recorder cannot rewrite those with annotations. */
  private static boolean isRecord(String name) {
    try {
      return Class.forName(name, false, SameStepsTest.class.getClassLoader()).isRecord();
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  /** What is traced, as the recorder takes it. */
  private static String filter() throws Exception {
    final Path classes =
        Path.of(CleatServer.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    final List<String> names = new ArrayList<>(List.of(LOCK + "::lock"));
    CLASSES.forEach(name -> names.add(OURS + name));
    for (String name : PACKAGES) {
      try (Stream<Path> files = Files.list(classes.resolve("dev/cleat/server/" + name))) {
        files
            .map(file -> String.valueOf(file.getFileName()))
            .filter(file -> file.endsWith(".class") && !file.equals("package-info.class"))
            .map(file -> OURS + name + "." + file.replace(".class", ""))
            .filter(one -> !isRecord(one))
            .forEach(names::add);
      }
    }
    return String.join(";", names);
  }

  /** The steps to each answer, counted, by the question. */
  private Map<String, Map<String, Long>> steps(Recording recording) throws IOException {
    final Path file = folder.resolve("steps.jfr");
    recording.dump(file);
    final List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    final Map<String, Map<String, Long>> steps = new LinkedHashMap<>();
    for (RecordedEvent asked : events) {
      if (asked.getEventType().getName().equals("cleat.test.Asked")) {
        steps.put(
            asked.getString("question"),
            events.stream()
                .filter(step -> step.hasField("method"))
                .filter(step ->
                    !step.getStartTime().isBefore(asked.getStartTime())
                        && !step.getStartTime().isAfter(asked.getEndTime()))
                .map(SameStepsTest::text)
                .filter(text -> !text.isEmpty())
                .collect(Collectors.groupingBy(text -> text, Collectors.counting())));
      }
    }
    return steps;
  }

  /**
   * What was called, and who of us had called for it, up to the call that is answered. Empty for
   * what is done for no call, and for a lock that none of us took: which of its locks a queue of
   * the library takes depends on how full it is.
   */
  private static String text(RecordedEvent step) {
    final RecordedMethod method = step.getValue("method");
    final List<RecordedMethod> callers =
        Objects.requireNonNull(step.getStackTrace()).getFrames().stream()
            .map(RecordedFrame::getMethod)
            .filter(caller -> !caller.getType().getName().contains("$$Lambda"))
            .toList();
    final List<RecordedMethod> ours =
        callers.stream().filter(caller -> caller.getType().getName().startsWith(OURS)).toList();
    if (ours.stream().noneMatch(SameStepsTest::isOfACall)
        || (method.getType().getName().equals(LOCK) && !ours.contains(callers.getFirst()))) {
      return "";
    }
    return Stream.concat(
            Stream.of(method),
            ours.reversed().stream().dropWhile(one -> !isOfACall(one)).toList().reversed().stream())
        .map(called -> called.getType().getName() + "#" + called.getName())
        .collect(Collectors.joining(" < "));
  }

  private static boolean isOfACall(RecordedMethod method) {
    return method.getType().getName().startsWith(OURS + "rpc.");
  }

  @Test
  void aSessionOfAnotherIsLookedForWithTheStepsForOneThatNeverWas() throws Exception {
    final List<Way> ways = ways();
    final Way get =
        ways.stream()
            .filter(way -> way.call().call().name().equals("Get"))
            .findFirst()
            .orElseThrow();
    // What is done once only is done.
    ways.forEach(
        way -> way.callers().forEach(caller -> askInVain(way, caller, Id.NEVER_WAS_EITHER)));
    final Map<String, Map<String, Long>> steps;
    try (Recording recording = new Recording()) {
      recording
          .enable("jdk.MethodTrace")
          .with("filter", filter())
          .withThreshold(Duration.ZERO)
          .withStackTrace();
      recording.enable(Asked.class);
      recording.start();
      for (Way way : ways) {
        for (Caller caller : way.callers()) {
          askInVain(way, caller, Id.NEVER_WAS);
          askInVain(way, caller, Id.OF_ANOTHER);
        }
      }
      assertThat(ask(get, OWNER, Id.OF_THE_CALLER)).isEmpty();
      recording.stop();
      steps = steps(recording);
    }

    for (Way way : ways) {
      for (Caller caller : way.callers()) {
        final String absent = way.question(caller, Id.NEVER_WAS);
        assertThat(steps.get(way.question(caller, Id.OF_ANOTHER)))
            .as(absent)
            .isEqualTo(steps.get(absent))
            .hasSizeGreaterThan(5);
      }
    }
    // It sees what there is to see: the store is asked for what is not in memory, and no lock of a
    // session's is taken for one that is not the caller's.
    final String absent =
        String.join(
            "\n", Objects.requireNonNull(steps.get(get.question(STRANGER, Id.NEVER_WAS))).keySet());
    final String present =
        String.join(
            "\n",
            Objects.requireNonNull(steps.get(get.question(OWNER, Id.OF_THE_CALLER))).keySet());
    assertThat(absent).contains("store.Store#session <").doesNotContain(LOCK, "SessionLock");
    assertThat(present)
        .contains(LOCK + "#lock < " + OURS + "session.SessionLock#locked")
        .doesNotContain("store.Store#session <");
  }
}
