package dev.cleat.bench;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor.Marshaller;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;

/** The cheapest ways of putting bytes into messages and taking them out. */
final class Bytes {
  private static final byte[] ZEROS = new byte[64 << 20];

  /** Messages as the bytes they are. */
  static final Marshaller<byte[]> WHOLE =
      new Marshaller<>() {
        @Override
        public InputStream stream(byte[] message) {
          return new Range(message, message.length);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  private Bytes() {}

  /** Messages of which only the length matters. One is needed for each call that receives. */
  static Marshaller<Integer> length() {
    return new Lengths();
  }

  private static final class Lengths implements Marshaller<Integer> {
    private final Buffer buffer = new Buffer();

    @Override
    public InputStream stream(Integer length) {
      return new Range(ZEROS, length);
    }

    @Override
    public Integer parse(InputStream stream) {
      return buffer.fill(stream);
    }
  }

  /** Memory that is used for one message after the other. */
  static final class Buffer {
    private byte[] array = new byte[512 << 10];

    /** Reads all of a message; its length. */
    int fill(InputStream stream) {
      try {
        if (stream.available() > array.length) {
          array = new byte[2 * stream.available()];
        }
        return stream.readNBytes(array, 0, array.length);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    byte[] array() {
      return array;
    }
  }

  private static final class Range extends ByteArrayInputStream implements KnownLength, Drainable {
    Range(byte[] array, int length) {
      super(array, 0, length);
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      return (int) transferTo(target);
    }
  }
}
