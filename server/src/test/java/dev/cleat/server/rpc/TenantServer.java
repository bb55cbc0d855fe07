package dev.cleat.server.rpc;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** A server in a process of its own, until it is killed. Prints the port on which it serves. */
final class TenantServer {
  private TenantServer() {}

  public static void main(String[] args) throws Exception {
    try (TestServer server = TestServer.start(Path.of(args[0]))) {
      System.out.println("port " + server.port());
      new CountDownLatch(1).await();
    }
  }
}
