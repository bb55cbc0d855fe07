package dev.cleat.client;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * As much of HTTP/2 as one connection needs whose first calls are refused, with REFUSED_STREAM;
 * those after them get an empty response. gRPC's own server has no way to be told that.
 */
final class RefusingServer implements AutoCloseable {
  private static final int PREFACE_BYTES = 24;
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int RST_STREAM = 3;
  private static final int SETTINGS = 4;
  private static final int PING = 6;
  private static final int ACK = 1;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final byte[] REFUSED_STREAM = {0, 0, 0, 7};
  private static final byte[] EMPTY_MESSAGE = {0, 0, 0, 0, 0};

  private final ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  private final AtomicInteger calls = new AtomicInteger();
  private final int refusals;
  private final Thread thread = new Thread(this::serve, "refusing-server");

  RefusingServer(int refusals) throws IOException {
    this.refusals = refusals;
    thread.setDaemon(true);
    thread.start();
  }

  String target() {
    return "127.0.0.1:" + listening.getLocalPort();
  }

  /** How many calls have come, refused or not. */
  int calls() {
    return calls.get();
  }

  /** After the client. */
  @Override
  public void close() throws IOException {
    listening.close();
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void serve() {
    try (Socket socket = listening.accept();
        DataInputStream in = new DataInputStream(socket.getInputStream());
        DataOutputStream out = new DataOutputStream(socket.getOutputStream())) {
      in.readFully(new byte[PREFACE_BYTES]);
      send(out, SETTINGS, 0, 0, new byte[0]);
      for (; ; ) {
        int length = in.readUnsignedShort() << 8 | in.readUnsignedByte();
        int type = in.readUnsignedByte();
        int flags = in.readUnsignedByte();
        int stream = in.readInt();
        byte[] payload = new byte[length];
        in.readFully(payload);
        if (type == HEADERS) {
          answer(out, stream);
        } else if (type == SETTINGS && flags != ACK) {
          send(out, SETTINGS, ACK, 0, new byte[0]);
        } else if (type == PING && flags != ACK) {
          send(out, PING, ACK, 0, payload);
        }
      }
    } catch (EOFException | SocketException e) {
      // the client has gone, or this was closed
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private void answer(DataOutputStream out, int stream) throws IOException {
    if (calls.incrementAndGet() <= refusals) {
      send(out, RST_STREAM, 0, stream, REFUSED_STREAM);
      return;
    }
    byte[] ok = {(byte) 0x88}; // :status 200
    byte[] type = header("content-type", "application/grpc");
    byte[] headers = new byte[ok.length + type.length];
    headers[0] = ok[0];
    System.arraycopy(type, 0, headers, 1, type.length);
    send(out, HEADERS, END_HEADERS, stream, headers);
    send(out, DATA, 0, stream, EMPTY_MESSAGE);
    send(out, HEADERS, END_HEADERS | END_STREAM, stream, header("grpc-status", "0"));
  }

  /** A field as a literal without indexing. */
  private static byte[] header(String name, String value) {
    String field = "\0" + (char) name.length() + name + (char) value.length() + value;
    return field.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static void send(DataOutputStream out, int type, int flags, int stream, byte[] payload)
      throws IOException {
    out.writeByte(payload.length >> 16);
    out.writeShort(payload.length);
    out.writeByte(type);
    out.writeByte(flags);
    out.writeInt(stream);
    out.write(payload);
    out.flush();
  }
}
