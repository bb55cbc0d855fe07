package dev.cleat.server.tool;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Finds what a process's tool calls its own session, in the files that the tool keeps of them.
 *
 * <p>Looks at a bounded number of files, follows no links, and reads of each no more than a bounded
 * first line. Immutable.
 */
public final class SessionFiles {
  private static final int MOST_ENTRIES = 20_000;
  private static final int LONGEST_LINE = 256 << 10;

  /** File systems count time in steps. */
  private static final Duration STEP = Duration.ofMillis(20);

  /** It becomes a word of a command line, and must not be taken for an option there. */
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._:-]{0,199}");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final SessionFileForm form;
  private final Map<String, String> environment;
  private final Path workdir;

  SessionFiles(SessionFileForm form, Map<String, String> environment, Path workdir) {
    this.form = form;
    this.environment = Map.copyOf(environment);
    this.workdir = workdir;
  }

  /**
   * The session that was begun in the process's working directory at or after this time. Where
   * there are several, it is not known which is the process's: none is found.
   */
  public Optional<String> find(Instant since) throws IOException {
    List<Path> files = new ArrayList<>();
    int[] left = {MOST_ENTRIES};
    for (String pattern : form.files()) {
      List<String> names = List.of(pattern.split("/"));
      String root = environment.getOrDefault(names.getFirst().substring(1), "");
      if (!root.isEmpty()) {
        walk(workdir.resolve(root), names.subList(1, names.size()), since.minus(STEP), left, files);
        break;
      }
    }
    List<String> ids = new ArrayList<>();
    for (Path file : files) {
      id(file).ifPresent(ids::add);
    }
    List<String> different = ids.stream().distinct().toList();
    return different.size() == 1 ? Optional.of(different.getFirst()) : Optional.empty();
  }

  private static void walk(
      Path folder, List<String> names, Instant since, int[] left, List<Path> files)
      throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    Pattern name = named(names.getFirst());
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        if (left[0]-- <= 0) {
          throw new IOException("there are too many files to look at in " + folder);
        }
        if (!name.matcher(String.valueOf(entry.getFileName())).matches()) {
          continue;
        }
        BasicFileAttributes found =
            Files.readAttributes(entry, BasicFileAttributes.class, NOFOLLOW_LINKS);
        if (names.size() > 1) {
          if (found.isDirectory()) {
            walk(entry, names.subList(1, names.size()), since, left, files);
          }
        } else if (found.isRegularFile() && !found.creationTime().toInstant().isBefore(since)) {
          files.add(entry);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  private static Pattern named(String glob) {
    return Pattern.compile(
        Arrays.stream(glob.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
  }

  /** The id in a file, if it is of a session in this working directory. */
  private Optional<String> id(Path file) throws IOException {
    Optional<JsonNode> line = firstLine(file);
    if (line.isEmpty() || !isHere(line.get().at(form.workdir()).asText())) {
      return Optional.empty();
    }
    return Optional.of(line.get().at(form.id()).asText()).filter(id -> ID.matcher(id).matches());
  }

  private static Optional<JsonNode> firstLine(Path file) throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file, NOFOLLOW_LINKS)) {
      bytes = in.readNBytes(LONGEST_LINE);
    }
    for (int end = 0; end < bytes.length; end++) {
      if (bytes[end] == '\n') {
        try {
          return Optional.ofNullable(JSON.readTree(new String(bytes, 0, end, UTF_8)));
        } catch (JsonProcessingException e) {
          return Optional.empty();
        }
      }
    }
    // It is being written, or is something else.
    return Optional.empty();
  }

  private boolean isHere(String folder) {
    try {
      return !folder.isEmpty() && workdir.toRealPath().equals(workdir.resolve(folder).toRealPath());
    } catch (IOException | InvalidPathException e) {
      return false;
    }
  }
}
