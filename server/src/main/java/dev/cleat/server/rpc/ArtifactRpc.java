package dev.cleat.server.rpc;

import dev.cleat.server.session.Artifacts;
import dev.cleat.server.session.Session;
import dev.cleat.server.store.Page;
import dev.cleat.v1.DeleteArtifactRequest;
import dev.cleat.v1.DeleteArtifactResponse;
import dev.cleat.v1.GetArtifactRequest;
import dev.cleat.v1.ListArtifactsRequest;
import dev.cleat.v1.ListArtifactsResponse;
import java.io.IOException;

/** The calls about media files. Each runs on a virtual thread of its own and may wait. */
final class ArtifactRpc {
  private ArtifactRpc() {}

  static ListArtifactsResponse listArtifacts(Reach reach, ListArtifactsRequest request) {
    final Session session = reach.session(request.getSessionId(), request.getName());
    new Checks().pageSize(request.getPageSize()).done();
    final ListArtifactsRequest query = request.toBuilder().clearPageSize().clearPageToken().build();
    final long before =
        request.getPageToken().isEmpty()
            ? Long.MAX_VALUE
            : reach.tokens().place("ListArtifacts", query, request.getPageToken()).number();
    final int size = SessionRpc.pageSize(request.getPageSize());
    final Page<Artifacts.Listed> page =
        Page.of(
            session.artifacts().list(before, size + 1),
            size,
            SessionRpc.PAGE_BYTES,
            file -> file.artifact().getSerializedSize());
    final ListArtifactsResponse.Builder response = ListArtifactsResponse.newBuilder();
    page.items().forEach(file -> response.addArtifacts(file.artifact()));
    if (page.more()) {
      response.setNextPageToken(
          reach
              .tokens()
              .of(
                  "ListArtifacts",
                  query,
                  new PageTokens.Place(page.items().getLast().place(), "")));
    }
    return response.build();
  }

  /** Opens the file that a call is about. */
  static Artifacts.Opened open(Reach reach, GetArtifactRequest request) {
    final Session session = reach.session(request.getSessionId(), request.getName());
    named(request.getArtifactId());
    return session.artifacts().open(request.getArtifactId());
  }

  static DeleteArtifactResponse deleteArtifact(Reach reach, DeleteArtifactRequest request)
      throws IOException, InterruptedException {
    final Session session = reach.session(request.getSessionId(), request.getName());
    named(request.getArtifactId());
    session.artifacts().forget(request.getArtifactId());
    session.journal().awaitVisible(session.journal().nextSeq() - 1);
    return DeleteArtifactResponse.getDefaultInstance();
  }

  private static void named(String id) {
    new Checks()
        .require(!id.isEmpty(), "artifact_id", "is required; ListArtifacts names them")
        .done();
  }
}
