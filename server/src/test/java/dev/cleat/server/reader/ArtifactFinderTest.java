package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArtifactFinderTest {
  private final ArtifactFinder finder = new ArtifactFinder();
  private final List<List<String>> found = new ArrayList<>();
  private final List<Long> ends = new ArrayList<>();
  private final ArtifactFinder.Sink sink =
      (readings, end) -> {
        found.add(readings);
        ends.add(end);
      };

  private void feed(String output) {
    final byte[] bytes = output.getBytes(UTF_8);
    finder.feed(0, bytes, 0, bytes.length, sink);
    finder.flush(sink);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "saved out.png|out.png",
        "saved out.PNG to disk|out.PNG",
        "./a/b-c_d.jpeg\\r\\n|./a/b-c_d.jpeg",
        "/tmp/x.y.webp, and more|/tmp/x.y.webp",
        "~/film.mp4\\n|~/film.mp4",
        "Wrote 'my pic.png'.|my pic.png",
        "Wrote \"my pic.png\"\\n|my pic.png",
        "see `a b.svg`|a b.svg",
        "it's \\\"in\\\" 'my pic.png'|my pic.png",
        "my\\\\ pic.png\\n|my pic.png",
        "file:///tmp/a%20b.pdf\\n|/tmp/a b.pdf",
        "file://host/tmp/a.pdf\\n|/tmp/a.pdf",
        "\\033[01;35mout.png\\033[0m\\n|out.png",
        "o\\033[1mut.p\\033[31mn\\033[mg\\n|out.png",
        "\\033[01;35m\\033[Kout.png\\033[m\\033[K: matches|out.png",
        "\\033(B\\033[mout.png\\033(B\\033[m\\n|out.png",
        "out.png...\\n|out.png",
        "out.png.\\n|out.png",
        "out.png\\033[5;1Hnext|out.png",
        "10%\\rout.png\\r|out.png",
        "\\0337out.png\\0338x|out.png",
        "<out.png>|out.png",
        "“out.png”|out.png",
        "größe/bild ☃.png|☃.png",
        "größe/bild☃.png|größe/bild☃.png",
      })
  void theFirstReadingIsThePath(String output, String path) {
    feed(output.translateEscapes());
    assertThat(found).hasSize(1);
    assertThat(found.getFirst().getFirst()).isEqualTo(path);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--output=out.png|out.png",
        "![a plot](plots/out.png)|plots/out.png",
        "saved:out.png|out.png",
        "[plot(1).png]|plot(1).png",
        "已保存：out.png。|out.png",
        "{a,b=c.d}out.png|out.png",
      })
  void aPathMayBeginWithinAWord(String output, String path) {
    feed(output);
    assertThat(found).hasSize(1);
    assertThat(found.getFirst()).contains(path);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "https://example.com/x.png",
        "src=http://example.com/x.png",
        "out.png.bak",
        "out.png-old",
        "dir.png/file",
        "out.pngx",
        "out.txt",
        "a.b.c.d",
        "...",
        "jpeg png .",
        "\\033]0;title out.png\\007",
        "\\033Pout.png\\033\\\\",
        "\\033]8;;https://example.com/x.png\\033\\\\a link\\033]8;;\\033\\\\",
      })
  void whatIsNoPathIsNotFound(String output) {
    feed((output + "\\n").translateEscapes());
    assertThat(found).isEmpty();
  }

  @Test
  void aLinkIsAPathOfItsOwn() {
    feed("\033]8;id=1;file://host/tmp/a%20b.png\033\\picture\033]8;;\033\\\n");
    assertThat(found).containsExactly(List.of("/tmp/a b.png"));
    found.clear();
    feed("\033]8;;file:///tmp/a.png\007a.png\033]8;;\007\n");
    assertThat(found).containsExactly(List.of("/tmp/a.png"), List.of("a.png"));
  }

  @Test
  void aMarkEndsAPathAndWhatWasBegunOfIt() {
    final byte[] bytes = "out.png\033]133;D".getBytes(UTF_8);
    finder.feed(0, bytes, 0, bytes.length, sink);
    finder.mark(sink);
    final byte[] next = "user$ ls b.gif ".getBytes(UTF_8);
    finder.feed(100, next, 0, next.length, sink);
    assertThat(found).containsExactly(List.of("out.png"), List.of("b.gif"));
    assertThat(ends).containsExactly(7L, 114L);
  }

  @Test
  void whatIsMissingIsNotBridged() {
    final byte[] bytes = "out.p".getBytes(UTF_8);
    finder.feed(0, bytes, 0, bytes.length, sink);
    final byte[] later = "ng ".getBytes(UTF_8);
    finder.feed(1000, later, 0, later.length, sink);
    assertThat(found).isEmpty();
  }

  @Test
  void aPathAtTheEndIsWholeWhenNothingFollows() {
    final byte[] bytes = "out.png".getBytes(UTF_8);
    finder.feed(0, bytes, 0, bytes.length, sink);
    assertThat(found).isEmpty();
    finder.flush(sink);
    finder.flush(sink);
    assertThat(found).containsExactly(List.of("out.png"));
  }

  @Test
  void aPathMayBeLongButNotTooLong() {
    final String longest = "a".repeat(ArtifactFinder.LONGEST_PATH - 4) + ".png";
    feed("x".repeat(5000) + "\n" + longest + "\n");
    assertThat(found).containsExactly(List.of(longest));
    found.clear();
    feed("b" + longest + "\n");
    assertThat(found).doesNotContain(List.of("b" + longest));
  }

  @Test
  void thePiecesDoNotMatter() {
    final long seed = new Random().nextLong();
    final SplittableRandom random = new SplittableRandom(seed);
    final String[] parts = {
      "out.png",
      "'a b.svg'",
      " ",
      "\n",
      "\033[1m",
      "\033]8;;file:///a.gif\007",
      "\033]133;A\007",
      "x",
      ".",
      "\"",
      "file:///q%20r.pdf",
      "ü☃",
      "…",
      "=",
      "\\ ",
      "\033[2;3H",
      "\033\\",
      "\030",
      "m.p"
    };
    for (int round = 0; round < 300; round++) {
      final StringBuilder output = new StringBuilder();
      for (int i = 0; i < 60; i++) {
        output.append(parts[random.nextInt(parts.length)]);
      }
      final byte[] bytes = output.toString().getBytes(UTF_8);
      found.clear();
      ends.clear();
      new ArtifactFinder().feed(0, bytes, 0, bytes.length, sink);
      final List<List<String>> whole = List.copyOf(found);
      final List<Long> wholeEnds = List.copyOf(ends);
      found.clear();
      ends.clear();
      final ArtifactFinder inPieces = new ArtifactFinder();
      for (Chunks.Chunk chunk : Chunks.of(bytes.length, 9, random)) {
        inPieces.feed(chunk.from(), bytes, chunk.from(), chunk.count(), sink);
      }
      assertThat(found).as("seed %d", seed).isEqualTo(whole);
      assertThat(ends).as("seed %d", seed).isEqualTo(wholeEnds);
    }
  }

  @Test
  void anythingMayCome() {
    final long seed = new Random().nextLong();
    final Random random = new Random(seed);
    final byte[] bytes = new byte[1 << 20];
    random.nextBytes(bytes);
    finder.feed(0, bytes, 0, bytes.length, sink);
    finder.flush(sink);
    assertThat(found).as("seed %d", seed).allSatisfy(readings -> assertThat(readings).isNotEmpty());
  }

  @Test
  void toolCallsNamePathsAndCommands() {
    final List<List<String>> named = new ArrayList<>();
    ToolCallPaths.find(
        ToolCall.newBuilder()
            .addPaths("/a/with space.png")
            .addPaths("/a/text.txt")
            .setInputJson(
                """
                {"path": "b.jpg", "n": 1, "nested": [{"cmd": "convert b.jpg -o c.gif"}],
                 "url": "https://x/y.png", "content": "line\\nline"}\
                """)
            .build(),
        finder,
        named::add);
    assertThat(named)
        .containsExactly(
            List.of("/a/with space.png"),
            List.of("b.jpg"),
            List.of("convert b.jpg -o c.gif"),
            List.of("b.jpg"),
            List.of("c.gif"));
    named.clear();
    ToolCallPaths.find(
        ToolCall.newBuilder().setInputJson("{\"a\": \"x.png\", oops").build(), finder, named::add);
    assertThat(named).containsExactly(List.of("x.png"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "\\211PNG\\r\\n\\032\\n|image/png",
        "\\377\\330\\377\\340|image/jpeg",
        "GIF89a\\1|image/gif",
        "RIFF\\1\\2\\3\\4WEBPVP8 |image/webp",
        "RIFF\\1\\2\\3\\4WAVEfmt |audio/wav",
        "RIFF\\1\\2\\3\\4AVI LIST|video/x-msvideo",
        "BM\\106\\0\\0\\0\\0\\0\\0\\0\\66\\0\\0\\0\\50\\0\\0\\0|image/bmp",
        "II*\\0\\10|image/tiff",
        "MM\\0*\\10|image/tiff",
        "\\0\\0\\1\\0\\1\\0|image/vnd.microsoft.icon",
        "\\0\\0\\0\\40ftypavif|image/avif",
        "\\0\\0\\0\\40ftypheic|image/heic",
        "\\0\\0\\0\\40ftypisom|video/mp4",
        "\\0\\0\\0\\40ftypM4A |audio/mp4",
        "\\0\\0\\0\\40ftypqt  |video/quicktime",
        "\\377\\12x|image/jxl",
        "ID3\\3|audio/mpeg",
        "\\377\\373\\220|audio/mpeg",
        "\\377\\361\\220|audio/aac",
        "OggS\\0\\2|audio/ogg",
        "OggS\\0\\2\\0\\200theora|video/ogg",
        "fLaC\\0|audio/flac",
        "FORM\\1\\2\\3\\4AIFF|audio/aiff",
        "MThd\\0|audio/midi",
        "\\032E\\337\\243\\1webm|video/webm",
        "\\032E\\337\\243\\1matroska|video/x-matroska",
        "\\0\\0\\1\\272|video/mpeg",
        "%PDF-1.7|application/pdf",
        "<svg>|image/svg+xml",
        "<?xml version='1.0'?>\\n<!-- a > b -->\\n<!DOCTYPE svg>\\n<svg width='1'|image/svg+xml",
      })
  void theFirstBytesSayTheType(String head, String type) {
    assertThat(MediaType.of(head.translateEscapes().getBytes(ISO_8859_1))).contains(type);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "hello",
        "BM, a company",
        "RIFF",
        "GIF",
        "<html>",
        "<svgx>",
        "<!-- <svg> ",
        "\\377",
        "\\0\\0\\0\\0\\0\\0",
        "\\0",
        "root:x:0:0:root",
      })
  void otherBytesAreNoMedia(String head) {
    assertThat(MediaType.of(head.translateEscapes().getBytes(ISO_8859_1))).isEmpty();
    assertThat(MediaType.of(new byte[0])).isEmpty();
  }
}
