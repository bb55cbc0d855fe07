package dev.cleat.cli;

import dev.cleat.client.FakeAgent;
import dev.cleat.v1.PromptWay;
import io.grpc.Server;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A server on loopback with one session, {@code s}, whose agent does what a test says. */
final class AgentServer implements AutoCloseable {
  private final Server server;

  AgentServer(FakeAgent agent, ServerInterceptor... interceptors) throws IOException {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(ServerInterceptors.intercept(agent, interceptors))
            .build()
            .start();
  }

  static FakeAgent acp() {
    return new FakeAgent(PromptWay.PROMPT_WAY_ACP);
  }

  String target() {
    return "127.0.0.1:" + server.getPort();
  }

  Ran run(String... command) {
    return Ran.on(target(), "", command);
  }

  /** Runs a command before a person, who types what this stream gives. */
  Ran seen(InputStream typed, String... command) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    String[] all = Arrays.copyOf(command, command.length + 2);
    all[command.length] = "--server";
    all[command.length + 1] = target();
    int code =
        Cli.run(new Streams(typed, out, err, () -> true, () -> true, () -> true, () -> {}), all);
    return new Ran(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
