package dev.cleat.server.journal;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * What is found in a journal's folder: the names of its segments, and the end of the last one,
 * which is the only one that is read.
 *
 * @param segments all segments
 * @param epochs where the epochs begin
 * @param head the newest event's number
 * @param salt the last segment's, 0 if that is unreadable
 * @param end where the last segment's sound records end
 * @param run which run of the server began the last segment, 0 if that is unreadable
 * @param excess bytes after the end
 * @param damage whether the excess is more than the beginning of an append that was never
 *     completed: something that was visible may be lost
 */
record SegmentRecovery(
    Segments segments,
    EpochStarts epochs,
    long head,
    int salt,
    long end,
    long run,
    long excess,
    boolean damage) {

  /** Reads a folder and changes nothing. */
  static SegmentRecovery inspect(Path folder) throws IOException {
    Segments segments = list(folder);
    Segment last = segments.last();
    try (SegmentFile file = SegmentFile.open(folder, last)) {
      SegmentHeader header = file.header();
      long size = file.size();
      if (header == null) {
        return new SegmentRecovery(
            segments, EpochStarts.fromNames(segments), last.firstSeq - 1, 0, size, 0, 0, true);
      }
      SegmentScanner scanner = new SegmentScanner(file);
      long head = last.firstSeq - 1;
      long end = SegmentHeader.BYTES;
      while (scanner.find(end, size, head + 1, Long.MAX_VALUE)) {
        head = scanner.seq();
        end = scanner.end();
      }
      boolean damage = end < size && !isUnfinished(file, end, size, head + 1);
      return new SegmentRecovery(
          segments, header.epochs(), head, header.salt(), end, header.run(), size - end, damage);
    }
  }

  /**
   * Which run of the server began the last segment in a folder, 0 if that is unreadable or there is
   * none.
   */
  static long lastRun(Path folder) throws IOException {
    List<Segment> found = find(folder);
    if (found.isEmpty()) {
      return 0;
    }
    try (SegmentFile file = SegmentFile.open(folder, Segments.of(found).last())) {
      SegmentHeader header = file.header();
      return header == null ? 0 : header.run();
    }
  }

  private static Segments list(Path folder) throws IOException {
    List<Segment> found = find(folder);
    if (found.isEmpty()) {
      throw new IOException("no segments of a journal in " + folder);
    }
    return Segments.of(found);
  }

  private static List<Segment> find(Path folder) throws IOException {
    List<Segment> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.seg")) {
      for (Path file : files) {
        Segment segment = Segment.named(String.valueOf(file.getFileName())).orElse(null);
        if (segment != null) {
          BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
          segment.measured(attributes.size(), attributes.lastModifiedTime().toMillis());
          found.add(segment);
        }
      }
    }
    return found;
  }

  /**
   * Whether the last bytes are the beginning of a record that was never completed, as a killed
   * process leaves it. A complete record of which the length was damaged looks alike; it is told by
   * its checksum, which fits once the length is what the file says.
   */
  private static boolean isUnfinished(SegmentFile file, long end, long size, long nextSeq)
      throws IOException {
    int length = (int) Math.min(size - end, 2L * Journal.MAX_EVENT_BYTES);
    byte[] rest = new byte[length];
    file.read(end, rest, 0, length);
    RecordHead head = new RecordHead();
    return switch (head.parse(rest, 0, length)) {
      case TOO_SHORT -> !isCompleteBut(rest, file.saltBytes());
      case PLAUSIBLE ->
          head.seq == nextSeq && head.length() > length && !isCompleteBut(rest, file.saltBytes());
      case IMPLAUSIBLE -> false;
    };
  }

  private static boolean isCompleteBut(byte[] record, byte[] salt) {
    for (int lengthBytes = 1; lengthBytes <= 5; lengthBytes++) {
      int event = record.length - Records.CRC_BYTES - 1 - lengthBytes;
      if (event > 0 && Varint.size(event) == lengthBytes) {
        byte[] repaired = record.clone();
        Varint.put(repaired, Records.CRC_BYTES + 1, event);
        if (Records.intact(new CRC32C(), salt, repaired, 0, repaired.length)) {
          return true;
        }
      }
    }
    return false;
  }
}
