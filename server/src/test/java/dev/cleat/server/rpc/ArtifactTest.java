package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_ARTIFACT_CHANGED;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_ARTIFACT_NOT_FOUND;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_PAGE_TOKEN;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_REQUEST;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_SESSION_NOT_FOUND;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.cleat.v1.Artifact;
import dev.cleat.v1.ArtifactRemovalReason;
import dev.cleat.v1.ArtifactRemoved;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.DeleteArtifactRequest;
import dev.cleat.v1.DeleteRequest;
import dev.cleat.v1.Event;
import dev.cleat.v1.GetArtifactRequest;
import dev.cleat.v1.GetArtifactResponse;
import dev.cleat.v1.GetRequest;
import dev.cleat.v1.ListArtifactsRequest;
import dev.cleat.v1.ListArtifactsResponse;
import dev.cleat.v1.StopRequest;
import dev.cleat.v1.Turn;
import io.grpc.Status.Code;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Media files that real shells name. */
class ArtifactTest {
  private static final byte[] PNG = "\u0089PNG\r\n\u001a\n".getBytes(StandardCharsets.ISO_8859_1);

  @TempDir Path folder;
  private Path work;
  private Path shown;
  private TestServer server;
  private String id;

  @BeforeEach
  void start() throws Exception {
    work = Files.createDirectory(folder.resolve("work"));
    shown = Files.createDirectory(folder.resolve("shown"));
    open();
    id = create();
  }

  private void open() throws Exception {
    server = TestServer.start(folder.resolve("data"), Map.of("artifacts.roots", shown.toString()));
  }

  private String create() {
    return server
        .sessions()
        .create(
            CreateRequest.newBuilder()
                .setTool("bash")
                .setWorkdir(work.toString())
                .putEnv("HOME", folder.toString())
                .build())
        .getSession()
        .getId();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Turn run(String command) {
    return server.prompter().run(id, command);
  }

  private ListArtifactsResponse list(int pageSize, String token) {
    return server
        .sessions()
        .listArtifacts(
            ListArtifactsRequest.newBuilder()
                .setSessionId(id)
                .setPageSize(pageSize)
                .setPageToken(token)
                .build());
  }

  private List<Artifact> list() {
    return list(0, "").getArtifactsList();
  }

  private List<String> paths() {
    return list().stream().map(Artifact::getPath).toList();
  }

  /** Waits for it: a list waits no longer than two seconds for a slow disk. */
  private Artifact find(String path) {
    return Awaitility.await("the list has " + path)
        .until(
            () -> list().stream().filter(artifact -> artifact.getPath().equals(path)).findFirst(),
            Optional::isPresent)
        .orElseThrow();
  }

  private void awaitPaths(String... paths) {
    Awaitility.await().untilAsserted(() -> assertThat(paths()).containsExactlyInAnyOrder(paths));
  }

  private byte[] picture(String path, int size) throws IOException {
    final byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    System.arraycopy(PNG, 0, bytes, 0, PNG.length);
    Files.write(work.resolve(path), bytes);
    return bytes;
  }

  private Iterator<GetArtifactResponse> get(String artifactId) {
    return server
        .sessions()
        .getArtifact(
            GetArtifactRequest.newBuilder().setSessionId(id).setArtifactId(artifactId).build());
  }

  private byte[] fetch(Artifact artifact) {
    final Iterator<GetArtifactResponse> stream = get(artifact.getId());
    assertThat(stream.next().getArtifact()).isEqualTo(artifact);
    ByteString data = ByteString.EMPTY;
    while (stream.hasNext()) {
      final ByteString piece = stream.next().getData();
      assertThat(piece.size()).isBetween(1, 64 << 10);
      data = data.concat(piece);
    }
    return data.toByteArray();
  }

  private List<Event> events() {
    return server.prompter().events(id);
  }

  private List<ArtifactRemoved> removals() {
    return events().stream()
        .filter(Event::hasArtifactRemoved)
        .map(Event::getArtifactRemoved)
        .toList();
  }

  private int count() {
    return server
        .sessions()
        .get(GetRequest.newBuilder().setSessionId(id).build())
        .getSession()
        .getArtifactCount();
  }

  @Test
  void aNamedFileIsListedAndFetchedByteForByte() throws Exception {
    final byte[] bytes = picture("pic.png", 300_000);
    final Turn turn = run("cp pic.png out.png; echo saved out.png");

    final Artifact out = find("out.png");
    assertThat(out.getName()).isEqualTo("out.png");
    assertThat(out.getSessionId()).isEqualTo(id);
    assertThat(out.getMimeType()).isEqualTo("image/png");
    assertThat(out.getSizeBytes()).isEqualTo(bytes.length);
    assertThat(out.getTurnId()).isEqualTo(turn.getId());
    assertThat(events().get((int) out.getEvidenceSeq() - 1).getOutput().getData().toStringUtf8())
        .contains("out.png");
    assertThat(out.getModifyTime().getSeconds())
        .isEqualTo(Files.getLastModifiedTime(work.resolve("out.png")).toInstant().getEpochSecond());
    assertThat(fetch(out)).isEqualTo(bytes);
    awaitPaths("pic.png", "out.png");
    assertThat(count()).isEqualTo(2);
    assertThat(events().stream().filter(Event::hasArtifactFound))
        .anySatisfy(event -> assertThat(event.getArtifactFound().getArtifact()).isEqualTo(out));
  }

  @Test
  void aFileMayBeNamedBeforeItIsThere() throws Exception {
    picture("pic.png", 1000);
    run("echo writing late.png; sleep 0.5; cp pic.png late.png");
    assertThat(find("late.png").getSizeBytes()).isEqualTo(1000);
  }

  @Test
  void aFileThatComesAfterItsCommandIsFoundToo() throws Exception {
    picture("pic.png", 1000);
    final AtomicInteger runs = new AtomicInteger();
    Awaitility.await()
        .atMost(java.time.Duration.ofMinutes(2))
        .ignoreException(ConditionTimeoutException.class)
        .untilAsserted(() -> {
          // One that comes more than a second after its command is looked for no more.
          final String path = "soon%d.png".formatted(runs.incrementAndGet());
          run("echo %1$s; (sleep 0.1; cp pic.png %1$s) &".formatted(path));
          Awaitility.await()
              .atMost(java.time.Duration.ofSeconds(5))
              .until(() ->
                  events().stream()
                      .anyMatch(
                          event -> event.getArtifactFound().getArtifact().getPath().equals(path)));
        });
  }

  @Test
  void aPathMayBeColouredQuotedRelativeLinkedOrAUri() throws Exception {
    Files.createDirectories(work.resolve("sub/dir"));
    for (String name :
        List.of("c.png", "q q.png", "sub/r.png", "sub/dir/s.png", "u u.png", "l.png", "h.png")) {
      picture(name, 100);
    }
    run("printf '\\033[1mc.\\033[31mpng\\033[0m\\n'; printf \"made '%s'\\n\" 'q q'.png");
    run("cd sub; printf '%s\\n' r.'png'");
    run("printf '%s\\n' dir/s.'png'");
    run("printf 'file://%s\\n' \"$OLDPWD\"/u%20u.'png'");
    run("printf '\\033]8;;file://%s\\033\\\\x\\033]8;;\\033\\\\\\n' \"$OLDPWD\"/l.'png'");
    run("printf '~/%s\\n' work/h.'png'");
    awaitPaths("c.png", "q q.png", "sub/r.png", "sub/dir/s.png", "u u.png", "l.png", "h.png");
  }

  @Test
  void onlyMediaFilesWithinTheRootsAreListed() throws Exception {
    picture("inside.png", 100);
    final Path outside = Files.createDirectory(folder.resolve("outside"));
    Files.write(outside.resolve("secret.png"), PNG);
    Files.write(shown.resolve("other.png"), PNG);
    Files.createSymbolicLink(work.resolve("link.png"), outside.resolve("secret.png"));
    Files.createSymbolicLink(work.resolve("inner.png"), work.resolve("inside.png"));
    Files.createSymbolicLink(work.resolve("folder"), outside);
    Files.createSymbolicLink(work.resolve("passwd.png"), Path.of("/etc/passwd"));
    Files.createDirectory(work.resolve("folder.png"));
    Files.createFile(work.resolve("empty.png"));
    Files.writeString(work.resolve("text.png"), "root:x:0:0\n");
    run("mkfifo pipe.png");
    run(
        "echo link.png folder/secret.png passwd.png folder.png empty.png text.png pipe.png"
            + " ../outside/secret.png "
            + outside
            + "/secret.png /etc/logo.png inner.png "
            + shown
            + "/other.png");
    // Named last, and so looked at after all the others.
    final Artifact last = find(shown.toRealPath().resolve("other.png").toString());
    assertThat(paths()).containsExactlyInAnyOrder("inside.png", last.getPath());
  }

  @Test
  void aChangedFileKeepsItsIdAndAGoneOneIsRemoved() throws Exception {
    picture("a.png", 100);
    run("echo a.png");
    final Artifact first = find("a.png");
    picture("a.png", 200);
    run("echo again a.png");
    Awaitility.await().until(() -> find("a.png").getSizeBytes() == 200);
    final Artifact second = find("a.png");
    assertThat(second.getId()).isEqualTo(first.getId());
    assertThat(second.getCreateTime()).isEqualTo(first.getCreateTime());
    assertThat(second.getEvidenceSeq()).isEqualTo(first.getEvidenceSeq());

    Files.delete(work.resolve("a.png"));
    awaitPaths();
    assertThat(removals())
        .containsExactly(
            ArtifactRemoved.newBuilder()
                .setArtifactId(first.getId())
                .setReason(ArtifactRemovalReason.ARTIFACT_REMOVAL_REASON_FILE_GONE)
                .build());
    Refused.by(() -> get(first.getId()).next())
        .with(Code.NOT_FOUND, ERROR_REASON_ARTIFACT_NOT_FOUND)
        .metadata("artifact_id", first.getId())
        .metadata("session_id", id);
    assertThat(count()).isZero();
  }

  @Test
  void aGoneFileIsNoticedAtTheEndOfATurnAndByGet() throws Exception {
    picture("a.png", 100);
    picture("b.png", 100);
    run("echo a.png b.png");
    awaitPaths("a.png", "b.png");
    final Artifact b = find("b.png");
    run("rm a.png");
    Awaitility.await().atMost(java.time.Duration.ofSeconds(60)).until(() -> removals().size() == 1);
    Files.delete(work.resolve("b.png"));
    Refused.by(() -> get(b.getId()).next()).with(Code.NOT_FOUND, ERROR_REASON_ARTIFACT_NOT_FOUND);
    assertThat(removals()).hasSize(2);
  }

  @Test
  void aFileThatBecameALinkIsNotFollowed() throws Exception {
    Files.createDirectory(work.resolve("sub"));
    picture("sub/a.png", 100);
    picture("b.png", 100);
    run("echo sub/a.png b.png");
    final Artifact a = find("sub/a.png");
    final Artifact b = find("b.png");
    final Path outside = Files.createDirectory(folder.resolve("outside"));
    Files.write(outside.resolve("a.png"), PNG);
    Files.delete(work.resolve("sub/a.png"));
    Files.delete(work.resolve("sub"));
    Files.createSymbolicLink(work.resolve("sub"), outside);
    Files.delete(work.resolve("b.png"));
    Files.createSymbolicLink(work.resolve("b.png"), outside.resolve("a.png"));
    for (Artifact artifact : List.of(a, b)) {
      Refused.by(() -> get(artifact.getId()).next())
          .with(Code.NOT_FOUND, ERROR_REASON_ARTIFACT_NOT_FOUND);
    }
  }

  @Test
  void aFileThatShrinksWhileItIsReadIsNotTakenForWhole() throws Exception {
    picture("a.png", 100);
    try (RandomAccessFile file = new RandomAccessFile(work.resolve("a.png").toFile(), "rw")) {
      file.setLength(64 << 20);
    }
    run("echo a.png");
    final Iterator<GetArtifactResponse> stream = get(find("a.png").getId());
    assertThat(stream.next().getArtifact().getSizeBytes()).isEqualTo(64 << 20);
    try (RandomAccessFile file = new RandomAccessFile(work.resolve("a.png").toFile(), "rw")) {
      file.setLength(100);
    }
    Refused.by(() -> stream.forEachRemaining(piece -> {}))
        .with(Code.ABORTED, ERROR_REASON_ARTIFACT_CHANGED);
  }

  @Test
  void pagesAreNewestFirstAndTokensBelongToTheirQuery() throws Exception {
    for (int i = 0; i < 5; i++) {
      picture(i + ".png", 100);
      run("echo " + i + ".png");
      awaitNewest(i + ".png");
      assertThat(list()).hasSize(i + 1);
    }
    final ListArtifactsResponse first = list(2, "");
    final ListArtifactsResponse second = list(2, first.getNextPageToken());
    final ListArtifactsResponse third = list(2, second.getNextPageToken());
    assertThat(first.getArtifactsList())
        .extracting(Artifact::getPath)
        .containsExactly("4.png", "3.png");
    assertThat(second.getArtifactsList())
        .extracting(Artifact::getPath)
        .containsExactly("2.png", "1.png");
    assertThat(third.getArtifactsList()).extracting(Artifact::getPath).containsExactly("0.png");
    assertThat(third.getNextPageToken()).isEmpty();

    Refused.by(() -> list(2, "x"))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_PAGE_TOKEN)
        .field("page_token");
    final String other = create();
    Refused.by(() ->
            server
                .sessions()
                .listArtifacts(
                    ListArtifactsRequest.newBuilder()
                        .setSessionId(other)
                        .setPageToken(first.getNextPageToken())
                        .build()))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_PAGE_TOKEN);
    Refused.by(() -> list(-1, ""))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("page_size");
  }

  @Test
  void aForgottenFileStaysAndIsFoundWhenItIsNamedAgain() throws Exception {
    picture("a.png", 100);
    run("echo a.png");
    final Artifact artifact = find("a.png");
    final DeleteArtifactRequest request =
        DeleteArtifactRequest.newBuilder().setSessionId(id).setArtifactId(artifact.getId()).build();
    Awaitility.await()
        .atMost(java.time.Duration.ofSeconds(60))
        .until(() -> {
          // What was named a moment ago is looked at once more, and found again.
          list()
              .forEach(one ->
                  server
                      .sessions()
                      .deleteArtifact(request.toBuilder().setArtifactId(one.getId()).build()));
          return list().isEmpty();
        });
    assertThat(work.resolve("a.png")).exists();
    assertThat(removals().getFirst().getReason())
        .isEqualTo(ArtifactRemovalReason.ARTIFACT_REMOVAL_REASON_CALL);
    Refused.by(() -> server.sessions().deleteArtifact(request))
        .with(Code.NOT_FOUND, ERROR_REASON_ARTIFACT_NOT_FOUND);
    run("echo a.png");
    assertThat(find("a.png").getId()).isNotEqualTo(artifact.getId());
  }

  /** A list does not wait for long for files that are yet to be looked at. */
  private void awaitNewest(String path) {
    Awaitility.await()
        .atMost(java.time.Duration.ofSeconds(60))
        .until(() -> !list().isEmpty() && list().getFirst().getPath().equals(path));
  }

  @Test
  void theOldestGoesWhenThereAreTooMany() throws Exception {
    Files.writeString(work.resolve("pic"), "%PDF-1.7");
    run("for i in $(seq -w 600); do echo \"$(<pic)\" > a$i.png; echo a$i.png; done");
    awaitNewest("a600.png");
    assertThat(list(1000, "").getArtifactsList()).hasSize(600);
    run("for i in $(seq -w 600); do echo \"$(<pic)\" > b$i.png; echo b$i.png; done");
    awaitNewest("b600.png");
    assertThat(list(1000, "").getArtifactsList()).hasSize(1000);
    assertThat(count()).isEqualTo(1000);
    // One that went may be looked at once more, and make another go.
    assertThat(removals()).hasSizeBetween(200, 210);
    assertThat(removals())
        .extracting(ArtifactRemoved::getReason)
        .containsOnly(ArtifactRemovalReason.ARTIFACT_REMOVAL_REASON_TOO_MANY);
    assertThat(list(1000, "").getArtifactsList().getFirst().getPath()).isEqualTo("b600.png");
  }

  @Test
  void theyAreThereAfterTheEndAndAfterARestartOfTheServer() throws Exception {
    final byte[] bytes = picture("a.png", 1000);
    run("echo a.png");
    final Artifact artifact = find("a.png");
    server.sessions().stop(StopRequest.newBuilder().setSessionId(id).build());
    assertThat(list()).containsExactly(artifact);
    server.close();
    open();
    assertThat(list()).containsExactly(artifact);
    assertThat(count()).isEqualTo(1);
    assertThat(fetch(artifact)).isEqualTo(bytes);
    Files.delete(work.resolve("a.png"));
    awaitPaths();
    server.sessions().delete(DeleteRequest.newBuilder().setSessionId(id).build());
    Refused.by(this::list).with(Code.NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND);
  }

  @Test
  void whatTheLastCommandNamedIsFoundBeforeTheExit() throws Exception {
    picture("a.png", 100);
    run("exec echo a.png");
    Awaitility.await()
        .atMost(java.time.Duration.ofSeconds(60))
        .until(() -> events().stream().anyMatch(Event::hasExited));
    final List<Event> events = events();
    assertThat(events.stream().filter(Event::hasArtifactFound)).hasSize(1);
    assertThat(events.getLast().hasExited()).isTrue();
  }

  @Test
  void badCallsAreRefused() {
    Refused.by(() -> get("").next())
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("artifact_id");
    Refused.by(() -> get("none").next()).with(Code.NOT_FOUND, ERROR_REASON_ARTIFACT_NOT_FOUND);
    Refused.by(() ->
            server
                .sessions()
                .getArtifact(GetArtifactRequest.newBuilder().setArtifactId("x").build())
                .next())
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("session_id");
    Refused.by(() ->
            server
                .sessions()
                .deleteArtifact(DeleteArtifactRequest.newBuilder().setSessionId(id).build()))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("artifact_id");
    Refused.by(() ->
            server
                .sessions()
                .listArtifacts(ListArtifactsRequest.newBuilder().setSessionId("none").build()))
        .with(Code.NOT_FOUND, ERROR_REASON_SESSION_NOT_FOUND);
  }
}
