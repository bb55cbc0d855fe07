package dev.cleat.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.cleat.v1.Session;
import dev.cleat.v1.Turn;

/** What commands print as JSON, read again. */
final class Printed {
  private Printed() {}

  static <B extends Message.Builder> B parse(String json, B into)
      throws InvalidProtocolBufferException {
    JsonFormat.parser().merge(json, into);
    return into;
  }

  static Session.Builder info(TestServer server, String session)
      throws InvalidProtocolBufferException {
    return parse(server.run("info", session, "-o", "json").ok().line(), Session.newBuilder());
  }

  static Turn.Builder newestTurn(TestServer server, String session)
      throws InvalidProtocolBufferException {
    return parse(
        server.run("turns", session, "-o", "json").ok().lines().getFirst(), Turn.newBuilder());
  }
}
