package dev.cleat.bench;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * HTTP/2 by hand, for what no decent client would send: frames are written as they are asked for,
 * and read as they come. Nothing is answered by itself. One thread may write, and one read.
 */
public final class RawConnection implements Closeable {
  /** Frame types. */
  public static final int DATA = 0;

  /** Opens a stream. */
  public static final int HEADERS = 1;

  /** Says which streams matter most. */
  public static final int PRIORITY = 2;

  /** Ends a stream. */
  public static final int RST_STREAM = 3;

  /** What the sender wants, in pairs. */
  public static final int SETTINGS = 4;

  /** Asks for an answer. */
  public static final int PING = 6;

  /** Ends the connection. */
  public static final int GOAWAY = 7;

  /** Lets more data come. */
  public static final int WINDOW_UPDATE = 8;

  /** More headers. */
  public static final int CONTINUATION = 9;

  /** The flag of the last frame of a stream. */
  public static final int END_STREAM = 1;

  /** The flag of an answer. */
  public static final int ACK = 1;

  /** The flag of the last frame of headers. */
  public static final int END_HEADERS = 4;

  /** The flag of a frame with more in it than it brings. */
  public static final int PADDED = 8;

  /** The setting of how much of headers may be remembered. */
  public static final int HEADER_TABLE_SIZE = 1;

  /** The setting of how much data of each stream may come before more is let. */
  public static final int INITIAL_WINDOW_SIZE = 4;

  /** The error of whoever did too much. */
  public static final int ENHANCE_YOUR_CALM = 11;

  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final String HOST = "127.0.0.1";
  private static final byte[] NOTHING = {};
  private static final int BUFFER = 64 << 10;

  private final Socket socket;
  private final DataOutputStream out;
  private final DataInputStream in;

  /** What came. */
  public record Frame(int type, int flags, int stream, ByteBuffer payload) {
    /** A value of settings; -1 if it is not among them. */
    public int setting(int setting) {
      for (int at = 0; at < payload.limit(); at += 6) {
        if (payload.getShort(at) == setting) {
          return payload.getInt(at + 2);
        }
      }
      return -1;
    }

    /** A number in it. */
    public int number(int offset) {
      return payload.getInt(offset);
    }
  }

  /**
   * A connection.
   *
   * @param socket what is closed in the end
   * @param speaking what is written to and read from: the same, or what encrypts for it
   */
  private RawConnection(Socket socket, Socket speaking) throws IOException {
    this.socket = socket;
    final OutputStream bytes = speaking.getOutputStream();
    this.out = new DataOutputStream(new BufferedOutputStream(bytes, BUFFER));
    this.in = new DataInputStream(speaking.getInputStream());
  }

  /** A connection that has said nothing. Reading gives up after so long. */
  public static RawConnection connect(int port, Duration patience) throws IOException {
    return connect(port, patience, 0);
  }

  /** The same, with so small a buffer for what comes in. */
  public static RawConnection connect(int port, Duration patience, int receiveBuffer)
      throws IOException {
    final Socket socket = socket(port, patience, receiveBuffer);
    try {
      return new RawConnection(socket, socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** A connection over TLS that has said nothing, but that it will be HTTP/2. */
  public static RawConnection connect(int port, Duration patience, SSLContext tls)
      throws IOException {
    final Socket socket = socket(port, patience, 0);
    try {
      final SSLSocket encrypting =
          (SSLSocket) tls.getSocketFactory().createSocket(socket, HOST, port, true);
      final SSLParameters parameters = encrypting.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {"h2"});
      encrypting.setSSLParameters(parameters);
      encrypting.startHandshake();
      return new RawConnection(socket, encrypting);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private static Socket socket(int port, Duration patience, int receiveBuffer) throws IOException {
    final Socket socket = new Socket();
    try {
      if (receiveBuffer > 0) {
        socket.setReceiveBufferSize(receiveBuffer);
      }
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(Math.toIntExact(patience.toMillis()));
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Begins with these settings, numbers and values in turns. */
  public RawConnection begin(int... settings) throws IOException {
    out.write(PREFACE);
    settings(settings);
    return this;
  }

  /** Begins, and says nothing of what it wants, as it must. */
  public RawConnection beginWithoutSettings() throws IOException {
    out.write(PREFACE);
    return flush();
  }

  /** Writes settings, numbers and values in turns. */
  public RawConnection settings(int... settings) throws IOException {
    final ByteBuffer payload = ByteBuffer.allocate(3 * settings.length);
    for (int i = 0; i < settings.length; i += 2) {
      payload.putShort((short) settings[i]).putInt(settings[i + 1]);
    }
    return frame(SETTINGS, 0, 0, payload.array());
  }

  /** Writes a frame without a payload. */
  public RawConnection frame(int type, int flags, int stream) throws IOException {
    return frame(type, flags, stream, NOTHING);
  }

  /** Writes a frame whose payload is a number. */
  public RawConnection frame(int type, int flags, int stream, int payload) throws IOException {
    return frame(type, flags, stream, ByteBuffer.allocate(4).putInt(payload).array());
  }

  /** Writes a frame. */
  public RawConnection frame(int type, int flags, int stream, byte[] payload) throws IOException {
    out.writeByte(payload.length >>> 16);
    out.writeShort(payload.length);
    out.writeByte(type);
    out.writeByte(flags);
    out.writeInt(stream);
    out.write(payload);
    return this;
  }

  /** Opens a call of this method, such as {@code /grpc.health.v1.Health/Check}. */
  public RawConnection call(int stream, String method, String... headers) throws IOException {
    return frame(HEADERS, END_HEADERS, stream, headers(method, headers));
  }

  /** The headers of a call, names and values of further ones in turns, none of them compressed. */
  public static byte[] headers(String method, String... further) throws IOException {
    final ByteArrayOutputStream block = new ByteArrayOutputStream();
    header(block, ":method", "POST");
    header(block, ":scheme", "http");
    header(block, ":path", method);
    header(block, ":authority", HOST);
    header(block, "te", "trailers");
    header(block, "content-type", "application/grpc");
    for (int i = 0; i < further.length; i += 2) {
      header(block, further[i], further[i + 1]);
    }
    return block.toByteArray();
  }

  private static void header(ByteArrayOutputStream block, String name, String value)
      throws IOException {
    // A literal that no table is to keep.
    block.write(0);
    for (String text : new String[] {name, value}) {
      final byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
      int length = bytes.length;
      if (length < 127) {
        block.write(length);
      } else {
        block.write(127);
        length -= 127;
        for (; length >= 128; length >>>= 7) {
          block.write((length & 127) | 128);
        }
        block.write(length);
      }
      block.write(bytes);
    }
  }

  /** A gRPC message as the payload of a frame, or the beginning of it. */
  public static byte[] message(int length, byte[] beginning) {
    return ByteBuffer.allocate(5 + beginning.length)
        .put((byte) 0)
        .putInt(length)
        .put(beginning)
        .array();
  }

  /** Sends what was written. */
  public RawConnection flush() throws IOException {
    out.flush();
    return this;
  }

  /** The next frame. */
  public Frame read() throws IOException {
    final int length = (in.readUnsignedByte() << 16) | in.readUnsignedShort();
    final int type = in.readUnsignedByte();
    final int flags = in.readUnsignedByte();
    final int stream = in.readInt();
    return new Frame(type, flags, stream, ByteBuffer.wrap(in.readNBytes(length)));
  }

  /** The next frame of this type. */
  public Frame read(int type) throws IOException {
    while (true) {
      final Frame frame = read();
      if (frame.type() == type) {
        return frame;
      }
    }
  }

  /**
   * Reads until the server ends the connection.
   *
   * @return the error of its last GOAWAY, or -1 if there was none
   */
  public int awaitEnd() throws IOException {
    int error = -1;
    try {
      while (true) {
        final Frame frame = read();
        if (frame.type() == GOAWAY) {
          error = frame.number(4);
        }
      }
    } catch (EOFException | SocketException | SSLException e) {
      return error;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
