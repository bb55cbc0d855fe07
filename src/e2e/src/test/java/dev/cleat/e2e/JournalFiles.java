package dev.cleat.e2e;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * The files of one session's journal, and what can become of them.
 *
 * @param folder the journal's folder
 */
record JournalFiles(Path folder) {
  /** What a segment begins with. */
  static final int HEADER_BYTES = 512;

  static JournalFiles of(Path data, String sessionId) {
    return new JournalFiles(data.resolve("journals/journals").resolve(sessionId));
  }

  /** The segments, oldest first. */
  List<Path> segments() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".seg")).sorted().toList();
    }
  }

  Path first() throws IOException {
    return segments().getFirst();
  }

  Path middle() throws IOException {
    List<Path> segments = segments();
    return segments.get(segments.size() / 2);
  }

  Path last() throws IOException {
    return segments().getLast();
  }

  void deleteAll() throws IOException {
    for (Path segment : segments()) {
      Files.delete(segment);
    }
    Files.delete(folder);
  }

  /** Turns over the bits of one byte. */
  static void flip(Path file, long position) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, position);
      one.flip();
      channel.write(ByteBuffer.wrap(new byte[] {(byte) ~one.get()}), position);
    }
  }

  /** Overwrites the beginning with zeros. */
  static void wipe(Path file, int bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(bytes), 0);
    }
  }

  /** Cuts bytes from the end. */
  static void cut(Path file, long bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(Math.max(0, channel.size() - bytes));
    }
  }

  static void append(Path file, byte[] bytes) throws IOException {
    Files.write(file, bytes, StandardOpenOption.APPEND);
  }

  /** The beginning of the record of an event: checksum, tag, length, number, some of the rest. */
  static byte[] halfRecord(long seq) {
    ByteBuffer record = ByteBuffer.allocate(600);
    record.putInt(0x12345678).put((byte) 0x0A);
    varint(record, 5_000);
    record.put((byte) 0x08);
    varint(record, seq);
    return record.array();
  }

  private static void varint(ByteBuffer target, long value) {
    long rest = value;
    while (rest > 0x7F) {
      target.put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    target.put((byte) rest);
  }
}
