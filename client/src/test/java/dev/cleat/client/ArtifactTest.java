package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.cleat.v1.DeleteArtifactRequest;
import dev.cleat.v1.DeleteArtifactResponse;
import dev.cleat.v1.GetArtifactRequest;
import dev.cleat.v1.GetArtifactResponse;
import dev.cleat.v1.GitConflict;
import dev.cleat.v1.GitConflictKind;
import dev.cleat.v1.GitOperation;
import dev.cleat.v1.GitState;
import dev.cleat.v1.ListArtifactsRequest;
import dev.cleat.v1.ListArtifactsResponse;
import dev.cleat.v1.SessionServiceGrpc;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Media files and git, as a client sees them. */
class ArtifactTest {
  private static final byte[] BYTES = new byte[200_000];

  static {
    new Random(7).nextBytes(BYTES);
  }

  /** Two files in pages of one: "whole", and "torn", which ends in the middle. */
  private static final class TwoFiles extends SessionServiceGrpc.SessionServiceImplBase {
    private final List<String> forgotten = Collections.synchronizedList(new ArrayList<>());

    private static dev.cleat.v1.Artifact file(String id) {
      return dev.cleat.v1.Artifact.newBuilder()
          .setId(id)
          .setPath("plots/" + id + ".png")
          .setName(id + ".png")
          .setMimeType("image/png")
          .setSizeBytes(BYTES.length)
          .setCreateTime(Times.timestamp(Instant.ofEpochSecond(5)))
          .setModifyTime(Times.timestamp(Instant.ofEpochSecond(6)))
          .setTurnId("t")
          .build();
    }

    @Override
    public void listArtifacts(
        ListArtifactsRequest request, StreamObserver<ListArtifactsResponse> responses) {
      boolean first = request.getPageToken().isEmpty();
      responses.onNext(
          ListArtifactsResponse.newBuilder()
              .addArtifacts(file(first ? "whole" : "torn"))
              .setNextPageToken(first ? "more" : "")
              .build());
      responses.onCompleted();
    }

    @Override
    public void getArtifact(
        GetArtifactRequest request, StreamObserver<GetArtifactResponse> responses) {
      String id = request.getArtifactId();
      if (id.equals("gone")) {
        responses.onError(Failures.of(Status.Code.NOT_FOUND, "ARTIFACT_NOT_FOUND"));
        return;
      }
      responses.onNext(GetArtifactResponse.newBuilder().setArtifact(file(id)).build());
      int end = id.equals("torn") ? BYTES.length / 2 : BYTES.length;
      for (int at = 0; at < end; at += 64 << 10) {
        int count = Math.min(64 << 10, end - at);
        responses.onNext(
            GetArtifactResponse.newBuilder()
                .setData(ByteString.copyFrom(BYTES, at, count))
                .build());
      }
      if (id.equals("torn")) {
        responses.onError(Failures.of(Status.Code.ABORTED, "ARTIFACT_CHANGED"));
      } else {
        responses.onCompleted();
      }
    }

    @Override
    public void deleteArtifact(
        DeleteArtifactRequest request, StreamObserver<DeleteArtifactResponse> responses) {
      forgotten.add(request.getArtifactId());
      responses.onNext(DeleteArtifactResponse.getDefaultInstance());
      responses.onCompleted();
    }
  }

  private final TwoFiles files = new TwoFiles();
  private final LoopbackServer server = new LoopbackServer(files);
  private final CleatClient client = CleatClient.connect(server.target());
  private final Session session = LoopbackServer.session(client);

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  @Test
  void allPagesAreListed() {
    List<Artifact> all = session.artifacts();
    assertThat(all).extracting(Artifact::id).containsExactly("whole", "torn");
    Artifact first = all.get(0);
    assertThat(first.path()).isEqualTo("plots/whole.png");
    assertThat(first.name()).isEqualTo("whole.png");
    assertThat(first.mimeType()).isEqualTo("image/png");
    assertThat(first.size()).isEqualTo(BYTES.length);
    assertThat(first.created()).isEqualTo(Instant.ofEpochSecond(5));
    assertThat(first.modified()).isEqualTo(Instant.ofEpochSecond(6));
    assertThat(first.turnId()).isEqualTo("t");
  }

  @Test
  void aFileIsReadByteForByte() throws IOException {
    try (ArtifactStream stream = session.artifact("whole")) {
      assertThat(stream.artifact().name()).isEqualTo("whole.png");
      assertThat(stream.read()).isEqualTo(BYTES[0] & 0xff);
      assertThat(stream.available()).isEqualTo((64 << 10) - 1);
      byte[] rest = stream.readAllBytes();
      assertThat(rest).hasSize(BYTES.length - 1).endsWith(BYTES[BYTES.length - 1]);
      assertThat(stream.read()).isEqualTo(-1);
    }
  }

  @Test
  void aCopyThroughALinkLeavesTheLink(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "before");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    Path device = Files.createSymbolicLink(folder.resolve("device"), Path.of("/dev/null"));

    session.artifact("whole", link);
    session.artifact("whole", device);

    assertThat(file).hasBinaryContent(BYTES);
    assertThat(link).isSymbolicLink();
    assertThat(device).isSymbolicLink();
    assertThat(folder).isDirectoryNotContaining("glob:**.part");
  }

  @Test
  void aCopyIsWholeOrNotThere(@TempDir Path folder) throws IOException {
    Path target = folder.resolve("copy.png");
    assertThat(session.artifact("whole", target).id()).isEqualTo("whole");
    assertThat(target).hasBinaryContent(BYTES);
    Files.writeString(target, "before");

    assertThatThrownBy(() -> session.artifact("torn", target))
        .isInstanceOf(IOException.class)
        .cause()
        .isInstanceOfSatisfying(
            CleatException.class, e -> assertThat(e.reason()).isEqualTo("ARTIFACT_CHANGED"));

    assertThat(target).hasContent("before");
    assertThat(folder).isDirectoryNotContaining("glob:**.part");
  }

  @Test
  void whatIsGoneIsSaid() {
    assertThatThrownBy(() -> session.artifact("gone"))
        .isInstanceOfSatisfying(
            CleatException.class, e -> assertThat(e.reason()).isEqualTo("ARTIFACT_NOT_FOUND"));
  }

  @Test
  void aFileIsForgotten() {
    session.forgetArtifact("whole");
    assertThat(files.forgotten).containsExactly("whole");
  }

  @Test
  void gitIsReadFromTheSession() {
    SessionInfo info =
        new SessionInfo(
            dev.cleat.v1.Session.newBuilder()
                .setArtifactCount(3)
                .setGit(
                    GitState.newBuilder()
                        .setBranch("main")
                        .setOperation(GitOperation.GIT_OPERATION_CHERRY_PICK)
                        .setConflictCount(7)
                        .addConflicts(
                            GitConflict.newBuilder()
                                .setPath("a")
                                .setKind(GitConflictKind.GIT_CONFLICT_KIND_DELETED_BY_US))
                        .addConflicts(GitConflict.newBuilder().setPath("b").setKindValue(77)))
                .build());
    assertThat(info.artifactCount()).isEqualTo(3);
    GitInfo git = info.git().orElseThrow();
    assertThat(git.branch()).isEqualTo("main");
    assertThat(git.operation()).isEqualTo(GitInfo.Operation.CHERRY_PICK);
    assertThat(git.conflictCount()).isEqualTo(7);
    assertThat(git.conflicts())
        .containsExactly(
            new GitInfo.Conflict("a", GitInfo.ConflictKind.DELETED_BY_US),
            new GitInfo.Conflict("b", GitInfo.ConflictKind.UNKNOWN));
    assertThat(new SessionInfo(dev.cleat.v1.Session.getDefaultInstance()).git()).isEmpty();
  }
}
