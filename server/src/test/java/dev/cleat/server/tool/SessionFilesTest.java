package dev.cleat.server.tool;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonPointer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a tool's own session is found, and where nothing is taken for it. */
class SessionFilesTest {
  @TempDir Path folder;
  private Path work;
  private Path other;
  private Path day;

  @BeforeEach
  void folders() throws IOException {
    work = Files.createDirectory(folder.resolve("work")).toRealPath();
    other = Files.createDirectory(folder.resolve("other"));
    day = Files.createDirectories(folder.resolve("home/.tool/sessions/2026/11"));
  }

  private SessionFiles files(Map<String, String> environment) {
    return new SessionFiles(
        new SessionFileForm(
            List.of("$TOOL_HOME/sessions/*/*/run-*.jsonl", "$HOME/.tool/sessions/*/*/run-*.jsonl"),
            JsonPointer.compile("/payload/id"),
            JsonPointer.compile("/payload/cwd")),
        environment,
        work);
  }

  private SessionFiles files() {
    return files(Map.of("HOME", folder.resolve("home").toString()));
  }

  private static Path write(Path file, String id, Path cwd) throws IOException {
    return Files.writeString(
        file, "{\"payload\": {\"id\": \"%s\", \"cwd\": \"%s\"}}\nmore\n".formatted(id, cwd));
  }

  /** A time behind what was made before, and before what is made from now on. */
  private Instant now() throws IOException {
    final Path probe = Files.createFile(folder.resolve("probe"));
    final Instant made = Files.getLastModifiedTime(probe).toInstant();
    Files.delete(probe);
    Awaitility.await().until(() -> Instant.now().isAfter(made.plus(Duration.ofMillis(100))));
    return Instant.now();
  }

  @Test
  void sessionOfThisFolderThatHasBegunSinceIsFound() throws Exception {
    write(day.resolve("run-old.jsonl"), "old", work);
    final Instant since = now();
    write(day.resolve("run-new.jsonl"), "new-1", work);
    write(day.resolve("run-elsewhere.jsonl"), "elsewhere", other);
    write(day.resolve("note-new.jsonl"), "note", work);
    write(day.resolveSibling("run-up.jsonl"), "up", work);
    assertThat(files().find(since)).contains("new-1");
  }

  @Test
  void oldSessionThatIsGoneOnWithIsNotTaken() throws Exception {
    final Path old = write(day.resolve("run-old.jsonl"), "old", work);
    final Instant since = now();
    Files.writeString(old, Files.readString(old) + "more\n");
    assertThat(files().find(since)).isEmpty();
  }

  @Test
  void ofTwoNoneIsTaken() throws Exception {
    final Instant since = now();
    write(day.resolve("run-1.jsonl"), "one", work);
    write(day.resolve("run-2.jsonl"), "two", work);
    assertThat(files().find(since)).isEmpty();
  }

  @Test
  void firstPatternWhoseVariableIsSetCounts() throws Exception {
    final Instant since = now();
    write(day.resolve("run-1.jsonl"), "by-home", work);
    final Path month = Files.createDirectories(folder.resolve("tool/sessions/2026/11"));
    write(month.resolve("run-2.jsonl"), "by-tool", work);
    final String home = folder.resolve("home").toString();
    final String tool = folder.resolve("tool").toString();
    assertThat(files(Map.of("HOME", home, "TOOL_HOME", tool)).find(since)).contains("by-tool");
    assertThat(files(Map.of("HOME", home, "TOOL_HOME", "")).find(since)).contains("by-home");
    assertThat(files(Map.of("HOME", folder.resolve("none").toString())).find(since)).isEmpty();
  }

  @Test
  void whatIsNoSessionIsNotTaken() throws Exception {
    final Instant since = now();
    Files.writeString(day.resolve("run-half.jsonl"), "{\"payload\": {\"id\"");
    Files.writeString(day.resolve("run-text.jsonl"), "text\n");
    Files.writeString(day.resolve("run-empty.jsonl"), "\n{}\n");
    Files.writeString(day.resolve("run-long.jsonl"), "x".repeat(300 << 10) + "\n");
    write(day.resolve("run-option.jsonl"), "--last", work);
    write(day.resolve("run-words.jsonl"), "a b", work);
    Files.createDirectory(day.resolve("run-folder.jsonl"));
    Files.createSymbolicLink(
        day.resolve("run-link.jsonl"), write(folder.resolve("linked"), "linked", work));
    assertThat(files().find(since)).isEmpty();
  }
}
