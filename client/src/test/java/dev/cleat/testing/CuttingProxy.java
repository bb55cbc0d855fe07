package dev.cleat.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A flaky network: a TCP proxy on loopback that passes bytes in both directions, and cuts
 * connections at random byte positions of either, or swallows what comes. What it does is
 * determined by its seed and the bytes that pass.
 *
 * <p>Safe for use by any thread.
 */
public final class CuttingProxy implements AutoCloseable {

  /**
   * When connections are cut: each after a random number of bytes from the server or from the
   * client, whichever is reached first. A handshake takes about 300 bytes of the client's.
   *
   * @param fromServer the least and the most bytes from the server
   * @param fromClient the least and the most bytes from the client
   * @param most how many cuts in all; connections after that are left alone
   */
  public record Cuts(Range fromServer, Range fromClient, int most) {
    /** Connections are left alone. */
    public static final Cuts NONE = new Cuts(new Range(1, 1), new Range(1, 1), 0);
  }

  /** A number of bytes, from least to most. */
  public record Range(long least, long most) {}

  private volatile int targetPort;
  private final Random random;
  private final Cuts plan;
  private final ServerSocket acceptor;
  private final Set<Link> links = ConcurrentHashMap.newKeySet();
  private final AtomicInteger cuts = new AtomicInteger();
  private final AtomicInteger connections = new AtomicInteger();
  private volatile boolean closed;
  private volatile boolean refusing;

  /** Starts to listen. Bytes go to this port of loopback. */
  public CuttingProxy(int targetPort, Cuts plan, long seed) {
    this.targetPort = targetPort;
    this.plan = plan;
    this.random = new Random(seed);
    try {
      acceptor = new ServerSocket();
      acceptor.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 200);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    start("accept", this::accept);
  }

  /** Where clients connect. */
  public String target() {
    return "127.0.0.1:" + acceptor.getLocalPort();
  }

  /** New connections go to another port of loopback, as when the server has started again there. */
  public void retarget(int port) {
    targetPort = port;
  }

  /** How many connections have been cut, on purpose. */
  public int cuts() {
    return cuts.get();
  }

  /** How many connections there have been, with those that were closed at once. */
  public int connections() {
    return connections.get();
  }

  /** Cuts all connections there are. */
  public void cutNow() {
    links.forEach(link -> {
      cuts.incrementAndGet();
      link.cut(true);
    });
  }

  /**
   * From now on nothing passes on the connections there are, in either direction, and they stay
   * open. New ones work.
   */
  public void swallow() {
    links.forEach(link -> link.swallowing = true);
  }

  /** Whether new connections are closed at once. */
  public void refuse(boolean refuse) {
    refusing = refuse;
  }

  @Override
  public void close() throws IOException {
    closed = true;
    acceptor.close();
    links.forEach(link -> link.cut(true));
  }

  private void accept() {
    while (!closed) {
      try {
        Socket client = acceptor.accept();
        connections.incrementAndGet();
        if (refusing) {
          client.close();
          continue;
        }
        open(client);
      } catch (IOException e) {
        // Closed, or the client or the server is gone already: there is nothing to pass on.
      }
    }
  }

  private void open(Socket client) throws IOException {
    Socket server = new Socket();
    try {
      server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), targetPort));
    } catch (IOException e) {
      client.close();
      return;
    }
    client.setTcpNoDelay(true);
    server.setTcpNoDelay(true);
    Link link = new Link(client, server);
    links.add(link);
    start("up", () -> link.pump(client, server, link.upBudget));
    start("down", () -> link.pump(server, client, link.downBudget));
  }

  private static void start(String name, Runnable task) {
    Thread thread = new Thread(task, "cutting-proxy-" + name);
    thread.setDaemon(true);
    thread.start();
  }

  private final class Link {
    private final Socket client;
    private final Socket server;
    private final AtomicLong upBudget = new AtomicLong(Long.MAX_VALUE);
    private final AtomicLong downBudget = new AtomicLong(Long.MAX_VALUE);
    private final boolean reset;
    private volatile boolean swallowing;

    Link(Socket client, Socket server) {
      this.client = client;
      this.server = server;
      synchronized (random) {
        if (cuts.get() < plan.most) {
          upBudget.set(random.nextLong(plan.fromClient.least, plan.fromClient.most + 1));
          downBudget.set(random.nextLong(plan.fromServer.least, plan.fromServer.most + 1));
        }
        reset = random.nextBoolean();
      }
    }

    void pump(Socket from, Socket to, AtomicLong budget) {
      byte[] buffer = new byte[16 << 10];
      try {
        for (int n = from.getInputStream().read(buffer);
            n >= 0;
            n = from.getInputStream().read(buffer)) {
          if (swallowing) {
            continue;
          }
          int pass = (int) Math.min(n, budget.get());
          to.getOutputStream().write(buffer, 0, pass);
          if (budget.addAndGet(-n) <= 0) {
            cuts.incrementAndGet();
            break;
          }
        }
        cut(budget.get() <= 0 && reset);
      } catch (IOException e) {
        cut(false); // one side is gone, or the other direction was cut
      }
    }

    void cut(boolean hard) {
      links.remove(this);
      close(client, hard);
      close(server, hard);
    }

    private void close(Socket socket, boolean hard) {
      try {
        if (hard) {
          socket.setSoLinger(true, 0); // a reset instead of an end
        }
        socket.close();
      } catch (IOException e) {
        // Closed already.
      }
    }
  }
}
