package dev.cleat.server.rpc;

import com.google.protobuf.Duration;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.Session;
import dev.cleat.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import dev.cleat.v1.StopRequest;

/** Makes sessions that print what is typed into them, and do nothing else. */
record CatSessions(SessionServiceBlockingStub sessions) {
  static CreateRequest.Builder request() {
    return CreateRequest.newBuilder().setTool("sh").addArgs("-c").addArgs("cat");
  }

  Session created() {
    return sessions.create(request().build()).getSession();
  }

  /** One that was stopped; in no git repository, which would be one more event. */
  Session ended() {
    final Session session = sessions.create(request().setWorkdir("/").build()).getSession();
    return sessions
        .stop(
            StopRequest.newBuilder()
                .setSessionId(session.getId())
                .setGracePeriod(Duration.getDefaultInstance())
                .build())
        .getSessions(0);
  }
}
