package dev.cleat.server.tool;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cleat.server.tool.CatalogueException.Problem;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tools, from a file that is read again when it has changed.
 *
 * <p>Safe for use by any number of threads: what was read is immutable and published as a whole;
 * {@code nextLook} lets one thread in a second look at the file, the others go on with what there
 * is.
 */
final class ToolSource {
  private static final Logger log = LoggerFactory.getLogger(ToolSource.class);
  private static final long LOOK_EVERY_NANOS = Duration.ofSeconds(1).toNanos();

  /** How a file is recognised as changed. */
  private record Stamp(FileTime modified, long size, @Nullable Object key) {}

  /**
   * What was read.
   *
   * @param stamp of the file that was read last, good or not; null if it could not be looked at
   */
  private record Contents(Map<String, Tool> tools, @Nullable Stamp stamp, List<Problem> problems) {}

  private final @Nullable Path file;
  private final Map<String, Tool> builtIn;
  private final LongSupplier nanoTime;
  private final AtomicLong nextLook;
  private volatile Contents contents;

  private ToolSource(
      @Nullable Path file, Map<String, Tool> builtIn, LongSupplier nanoTime, Contents contents) {
    this.file = file;
    this.builtIn = builtIn;
    this.nanoTime = nanoTime;
    this.nextLook = new AtomicLong(nanoTime.getAsLong() + LOOK_EVERY_NANOS);
    this.contents = contents;
  }

  /** Always these. */
  static ToolSource of(Map<String, Tool> tools) {
    return new ToolSource(null, tools, () -> 0, new Contents(immutable(tools), null, List.of()));
  }

  /** Those of a file over these. */
  static ToolSource open(Path file, Map<String, Tool> builtIn, LongSupplier nanoTime)
      throws CatalogueException {
    @Nullable Stamp stamp = stamp(file);
    Contents contents = new Contents(read(file, builtIn), stamp, List.of());
    return new ToolSource(file, builtIn, nanoTime, contents);
  }

  /** By name. */
  Map<String, Tool> tools() {
    look();
    return contents.tools;
  }

  List<Problem> problems() {
    look();
    return contents.problems;
  }

  private void look() {
    if (file == null) {
      return;
    }
    long now = nanoTime.getAsLong();
    long next = nextLook.get();
    if (now - next < 0 || !nextLook.compareAndSet(next, now + LOOK_EVERY_NANOS)) {
      return;
    }
    // Taken before reading: if the file changes meanwhile, the next look sees another one.
    @Nullable Stamp stamp = stamp(file);
    Contents last = contents;
    if (stamp == null ? last.stamp == null : stamp.equals(last.stamp)) {
      return;
    }
    try {
      contents = new Contents(read(file, builtIn), stamp, List.of());
      log.info("Read the catalogue {} again: {}", file, contents.tools.keySet());
    } catch (CatalogueException e) {
      contents = new Contents(last.tools, stamp, e.problems());
      log.warn("The catalogue has mistakes and stays as it was:\n{}", e.getMessage());
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

  private static Map<String, Tool> read(Path file, Map<String, Tool> builtIn)
      throws CatalogueException {
    try {
      return immutable(CatalogueFile.read(file.toString(), Files.readString(file, UTF_8), builtIn));
    } catch (CharacterCodingException e) {
      throw unreadable(file, "is not UTF-8");
    } catch (NoSuchFileException e) {
      throw unreadable(file, "does not exist");
    } catch (IOException e) {
      throw unreadable(file, "cannot be read: " + e);
    }
  }

  private static CatalogueException unreadable(Path file, String why) {
    return new CatalogueException(List.of(new Problem(file.toString(), 0, "", why)));
  }

  private static Map<String, Tool> immutable(Map<String, Tool> tools) {
    return Collections.unmodifiableMap(new TreeMap<>(tools));
  }
}
