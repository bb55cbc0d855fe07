package dev.cleat.server.journal;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * A segment open for reading, with a descriptor of its reader's own: an interrupt closes the
 * channel it meets, and must not close it for others. For one thread at a time.
 */
final class SegmentFile implements Closeable {
  /** The JDK copies through a buffer of this size at most, which it keeps for each thread. */
  private static final int PIECE = 128 << 10;

  private final Path file;
  private final FileChannel channel;
  private final @Nullable SegmentHeader header;

  private SegmentFile(Path file, FileChannel channel, @Nullable SegmentHeader header) {
    this.file = file;
    this.channel = channel;
    this.header = header;
  }

  /** Opens a segment; {@link java.nio.file.NoSuchFileException} when it is not there. */
  static SegmentFile open(Path folder, Segment segment) throws IOException {
    Path file = folder.resolve(segment.fileName());
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      ByteBuffer start = ByteBuffer.allocate(SegmentHeader.BYTES);
      fill(file, channel, start, 0);
      SegmentHeader header =
          SegmentHeader.decode(start.array(), start.position())
              .filter(h -> h.firstSeq() == segment.firstSeq && h.epoch() == segment.epoch)
              .orElse(null);
      return new SegmentFile(file, channel, header);
    } catch (IOException | RuntimeException e) {
      try (channel) {
        throw e;
      }
    }
  }

  /** The header, or null when it is damaged and nothing in the file can be verified. */
  @Nullable SegmentHeader header() {
    return header;
  }

  byte[] saltBytes() {
    if (header == null) {
      throw new IllegalStateException("no header in " + file);
    }
    return Records.saltBytes(header.salt());
  }

  Path path() {
    return file;
  }

  boolean isOpen() {
    return channel.isOpen();
  }

  long size() throws IOException {
    return channel.size();
  }

  /** Fills part of an array from a position; the bytes must be there. */
  void read(long position, byte[] target, int offset, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(target, offset, length);
    fill(file, channel, buffer, position);
    if (buffer.hasRemaining()) {
      throw new EOFException(
          file
              + " ends at "
              + (position + buffer.position() - offset)
              + ", expected "
              + length
              + " bytes from "
              + position);
    }
  }

  private static void fill(Path file, FileChannel channel, ByteBuffer buffer, long position)
      throws IOException {
    int limit = buffer.limit();
    int begin = buffer.position();
    int count = 0;
    try {
      while (count >= 0 && buffer.position() < limit) {
        buffer.limit(Math.min(limit, buffer.position() + PIECE));
        count = channel.read(buffer, position + buffer.position() - begin);
      }
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException("reading " + file + " failed: " + e.getMessage(), e);
    }
    buffer.limit(limit);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
