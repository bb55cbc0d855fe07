package dev.cleat.server.yaml;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What stands in a file that is read again when it has changed. If there is a mistake in what is
 * new, it is logged and shown by {@link #problems()}, and the last good contents stay.
 *
 * <p>Safe for use by any number of threads: what was read is immutable and published as a whole;
 * {@code nextLook} lets one thread in a second look at the file, the others go on with what there
 * is.
 *
 * @param <T> the contents, immutable
 */
public final class WatchedFile<T> {
  private static final Logger LOG = LoggerFactory.getLogger(WatchedFile.class);
  private static final long LOOK_EVERY_NANOS = Duration.ofSeconds(1).toNanos();

  /**
   * Makes contents of text.
   *
   * @param <T> the contents
   */
  @FunctionalInterface
  public interface Reader<T> {
    /**
     * Reads.
     *
     * @param file to be named in mistakes
     */
    T read(String file, String text) throws WrongFileException;
  }

  /** How a file is recognised as changed. */
  private record Stamp(FileTime modified, long size, @Nullable Object key) {}

  /**
   * What was read.
   *
   * @param stamp of the file that was read last, good or not; null if it could not be looked at
   */
  private record Contents<T>(T value, @Nullable Stamp stamp, List<Problem> problems) {}

  private final String what;
  private final Path file;
  private final Reader<T> reader;
  private final LongSupplier nanoTime;
  private final AtomicLong nextLook;
  private volatile Contents<T> contents;

  /**
   * Reads a file for the first time.
   *
   * @param what it is, in words for the log, such as {@code the catalogue}
   * @throws WrongFileException if the file cannot be read or has mistakes; it names all of them
   */
  public WatchedFile(String what, Path file, Reader<T> reader, LongSupplier nanoTime)
      throws WrongFileException {
    this.what = what;
    this.file = file;
    this.reader = reader;
    this.nanoTime = nanoTime;
    @Nullable Stamp stamp = stamp(file);
    this.contents = new Contents<>(read(file, reader), stamp, List.of());
    this.nextLook = new AtomicLong(nanoTime.getAsLong() + LOOK_EVERY_NANOS);
  }

  /** What stands in it. */
  public T contents() {
    look();
    return contents.value;
  }

  /** What is wrong with the file as it is now; empty if nothing is. */
  public List<Problem> problems() {
    look();
    return contents.problems;
  }

  private void look() {
    long now = nanoTime.getAsLong();
    long next = nextLook.get();
    if (now - next < 0 || !nextLook.compareAndSet(next, now + LOOK_EVERY_NANOS)) {
      return;
    }
    // Taken before reading: if the file changes meanwhile, the next look sees another one.
    @Nullable Stamp stamp = stamp(file);
    Contents<T> last = contents;
    if (stamp == null ? last.stamp == null : stamp.equals(last.stamp)) {
      return;
    }
    try {
      contents = new Contents<>(read(file, reader), stamp, List.of());
      LOG.info("Read {} {} again", what, file);
    } catch (WrongFileException e) {
      contents = new Contents<>(last.value, stamp, e.problems());
      LOG.warn("There are mistakes in {}, which stays as it was:\n{}", what, e.getMessage());
    }
  }

  private static @Nullable Stamp stamp(Path file) {
    try {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      return new Stamp(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
    } catch (IOException e) {
      // Reading the file says why.
      return null;
    }
  }

  private static <T> T read(Path file, Reader<T> reader) throws WrongFileException {
    try {
      return reader.read(file.toString(), Files.readString(file, UTF_8));
    } catch (CharacterCodingException e) {
      throw unreadable(file, "is not UTF-8");
    } catch (NoSuchFileException e) {
      throw unreadable(file, "does not exist");
    } catch (IOException e) {
      throw unreadable(file, "cannot be read: " + e);
    }
  }

  private static WrongFileException unreadable(Path file, String why) {
    return new WrongFileException(List.of(new Problem(file.toString(), 0, "", why)));
  }
}
