package dev.cleat.server.reader;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.cleat.v1.Screen;
import dev.cleat.v1.ScreenSpan;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TerminalScreenTest {
  private static TerminalScreen screen(int rows, int columns, String printed) {
    TerminalScreen screen = new TerminalScreen(rows, columns);
    print(screen, printed);
    return screen;
  }

  private static void print(TerminalScreen screen, String printed) {
    byte[] bytes = printed.getBytes(UTF_8);
    screen.feed(bytes, 0, bytes.length);
  }

  private static List<ScreenSpan> spans(String printed) {
    return screen(1, 40, printed).picture(true, false).getLines(0).getSpansList();
  }

  @Test
  void textStandsWhereItWasPrinted() {
    TerminalScreen screen = screen(4, 20, "one\r\n  two \033[4;10Hthree\033[2;1Hx");

    assertThat(screen.lines()).containsExactly("one", "x two", "", "         three");
    assertThat(screen.line(3)).isEqualTo("         three");
    assertThat(screen.cursorRow()).isEqualTo(1);
    assertThat(screen.cursorColumn()).isEqualTo(1);
  }

  @Test
  void theLastColumnBreaksTheLineOnlyWhenMoreComes() {
    TerminalScreen screen = screen(3, 5, "12345");

    assertThat(screen.cursorRow()).isZero();
    assertThat(screen.cursorColumn()).isEqualTo(5);
    print(screen, "6");
    assertThat(screen.lines()).containsExactly("12345", "6", "");
    assertThat(screen.wrapped(0)).isFalse();
    assertThat(screen.wrapped(1)).isTrue();
    assertThat(screen.wrapped(2)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\r\n6", "\n\r6", "\033[2;1H6", "\033E6"})
  void aLineThatEndsIsNotWrapped(String next) {
    TerminalScreen screen = screen(3, 5, "12345" + next);

    assertThat(screen.lines()).containsExactly("12345", "6", "");
    assertThat(screen.wrapped(1)).isFalse();
  }

  @Test
  void withoutAutoWrapTheLastColumnIsWrittenAgain() {
    TerminalScreen screen = screen(2, 5, "\033[?7l1234567");

    assertThat(screen.lines()).containsExactly("12347", "");
    assertThat(screen.cursorColumn()).isEqualTo(4);
  }

  @Test
  void wideCharactersTakeTwoColumnsAndAreNotCut() {
    TerminalScreen screen = screen(3, 5, "漢字漢");

    assertThat(screen.lines()).containsExactly("漢字", "漢", "");
    assertThat(screen.wrapped(1)).isTrue();
    assertThat(screen.cursorColumn()).isEqualTo(2);
    print(screen, "\033[1;2Hx");
    assertThat(screen.line(0)).as("half of it was written over").isEqualTo(" x字");
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 0"})
  void whatIsLeftOfAWideCharacterThatIsWrittenOverKeepsItsStyle(int writtenAt, int left) {
    ScreenSpan span =
        spans("\033[44m漢\033[45m\033[1;%dHx".formatted(writtenAt)).stream()
            .filter(at -> at.getColumn() == left)
            .findFirst()
            .orElseThrow();

    assertThat(span.getText()).isEqualTo(" ");
    assertThat(span.getBackground().getIndexed()).isEqualTo(4);
  }

  @Test
  void combiningCharactersBelongToTheOneBefore() {
    TerminalScreen screen = screen(2, 5, "e\u0301漢\u0301x");

    assertThat(screen.line(0)).isEqualTo("e\u0301漢\u0301x");
    assertThat(screen.cursorColumn()).isEqualTo(4);
    print(screen, "yz\r\u0301");
    assertThat(screen.lines()).as("none is before").containsExactly("e\u0301漢\u0301xy", "z");
  }

  @Test
  void emojiAndPrivateCharactersAreShown() {
    assertThat(screen(1, 20, "🚀🚁 \ue0b0 \uf8ff \udb80\udc00 x").line(0))
        .isEqualTo("🚀🚁 \ue0b0 \uf8ff \udb80\udc00 x");
  }

  @Test
  void lineDrawingIsTranslated() {
    assertThat(screen(1, 20, "\033(0lqk\033(B lqk \033)0\016x\017x").line(0))
        .isEqualTo("┌─┐ lqk │x");
  }

  @Test
  void linesScrollInsideTheScrollRegion() {
    assertThat(screen(5, 5, "1\r\n2\r\n3\r\n4\r\n5\033[2;4r\033[4;1H\n\nx").lines())
        .containsExactly("1", "4", "", "x", "5");
  }

  @Test
  void theAlternateScreenGoesAndLeavesTheFirstAsItWas() {
    TerminalScreen screen = screen(3, 10, "shell\r\n$ ");

    print(screen, "\033[?1049h\033[H\033[2Jeditor\033[?2004h\033[?1h\033[?1000h\033[?25l");
    assertThat(screen.lines()).containsExactly("editor", "", "");
    assertThat(screen.alternateScreen()).isTrue();
    assertThat(screen.bracketedPaste()).isTrue();
    assertThat(screen.applicationCursorKeys()).isTrue();
    assertThat(screen.mouseReporting()).isTrue();
    assertThat(screen.cursorVisible()).isFalse();
    print(screen, "\033[?1049l");
    assertThat(screen.lines()).containsExactly("shell", "$", "");
    assertThat(screen.alternateScreen()).isFalse();
    assertThat(screen.cursorRow()).isEqualTo(1);
    assertThat(screen.cursorColumn()).isEqualTo(2);
  }

  @Test
  void spansSayHowTextLooks() {
    assertThat(spans("a\033[1;3;4;31mb\033[0;38;5;200;48;2;1;2;3mc\033[m  "))
        .containsExactly(
            ScreenSpan.newBuilder().setColumns(1).setText("a").build(),
            ScreenSpan.newBuilder()
                .setColumn(1)
                .setColumns(1)
                .setText("b")
                .setForeground(CellStyle.foreground(CellStyle.select(0, sequence("31"))))
                .setBold(true)
                .setItalic(true)
                .setUnderline(true)
                .build(),
            ScreenSpan.newBuilder()
                .setColumn(2)
                .setColumns(1)
                .setText("c")
                .setForeground(dev.cleat.v1.ScreenColor.newBuilder().setIndexed(200))
                .setBackground(dev.cleat.v1.ScreenColor.newBuilder().setRgb(0x010203))
                .build());
  }

  private static ControlSequence sequence(String digits) {
    ControlSequence sequence = new ControlSequence();
    sequence.clear();
    digits.chars().forEach(sequence::digit);
    return sequence;
  }

  @ParameterizedTest
  @CsvSource({
    "38;2;1;2;3, 66051",
    "38:2:1:2:3, 66051",
    "38:2::1:2:3, 66051",
    "'4;38;2;1;2;3;1', 66051",
    "'38;2;1;2;3;38;7', 66051"
  })
  void coloursAreReadInAllTheirForms(String rendition, int rgb) {
    assertThat(spans("\033[" + rendition + "mx").getFirst().getForeground().getRgb())
        .isEqualTo(rgb);
  }

  @Test
  void coloursOfThePaletteStayThose() {
    assertThat(spans("\033[31ma\033[38;5;1mb\033[91mc\033[38;5;9md\033[38:5:9me"))
        .extracting(ScreenSpan::getText, span -> span.getForeground().getIndexed())
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("ab", 1),
            org.assertj.core.groups.Tuple.tuple("cde", 9));
  }

  @Test
  void whatIsErasedKeepsTheBackground() {
    assertThat(spans("\033[4;44mx\033[K"))
        .extracting(ScreenSpan::getColumns, ScreenSpan::getUnderline)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(1, true),
            org.assertj.core.groups.Tuple.tuple(39, false));
  }

  @Test
  void moreStylesThanThereAreCellsAreStillTold() {
    TerminalScreen screen = new TerminalScreen(2, 10);
    for (int i = 0; i < 20_000; i++) {
      print(screen, "\033[38;2;%d;%d;7mx".formatted(i / 256, i % 256));
    }

    assertThat(screen.picture(true, false).getLines(1).getSpansList())
        .extracting(span -> span.getForeground().getRgb())
        .endsWith((19_998 << 8) + 7, (19_999 << 8) + 7);
  }

  @Test
  void aNewSizeCutsOrAddsAtTheEdges() {
    TerminalScreen screen = screen(3, 10, "0123456789\r\nsecond\r\nthird");

    screen.resize(2, 4);
    assertThat(screen.lines()).containsExactly("seco", "thir");
    assertThat(screen.cursorRow()).isEqualTo(1);
    assertThat(screen.cursorColumn()).isEqualTo(3);
    screen.resize(4, 8);
    assertThat(screen.lines()).containsExactly("seco", "thir", "", "");
  }

  @Test
  void theSmallestScreenWorks() {
    TerminalScreen screen = screen(1, 1, "ab\r\nc漢d\033[K");

    assertThat(screen.lines()).containsExactly("d");
    print(screen, "\033[2Jxy");
    assertThat(screen.lines()).containsExactly("y");
    screen.resize(2, 3);
    assertThat(screen.lines()).containsExactly("y", "");
  }

  @Test
  void theTitleIsTheLastThatWasSet() {
    TerminalScreen screen = screen(1, 10, "\033]0;one\007\033]2;zwei ü\033\\\033]1;icon\007");

    assertThat(screen.title()).isEqualTo("zwei ü");
  }

  @Test
  void aResetScreenIsAsNew() {
    TerminalScreen screen = screen(3, 10, "\033]0;t\007\033[31mtext\033[?1049h\033[5;7r\033[1");
    Screen before = new TerminalScreen(3, 10).picture(true, true).build();

    screen.reset();
    assertThat(screen.picture(true, true).build()).isEqualTo(before);
    print(screen, "m");
    assertThat(screen.line(0)).isEqualTo("m");
  }

  @Test
  void whatIsNotCompleteIsRestored() {
    for (String cut :
        List.of("\033", "\033[", "\033[3", "\033[31;", "\033]0;ti", "\033Pq", "\033(")) {
      assertThat(screen(2, 10, cut).picture(false, true).getRestore().toStringUtf8()).endsWith(cut);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\0337", "\033[?1049h"})
  void savedCursorIsWithinTheScreenAlsoWhenItIsRestored(String save) {
    String back = save.equals("\0337") ? "\0338" : "\033[?1049l";
    TerminalScreen screen = screen(10, 40, "\033[10;30H" + save + "\033[2;3H");
    screen.resize(6, 20);
    String restore = screen.picture(false, true).getRestore().toStringUtf8();
    TerminalScreen restored = screen(6, 20, restore);

    for (TerminalScreen each : List.of(screen, restored)) {
      each.resize(12, 50);
      print(each, back);
      assertThat(each.cursorRow()).isEqualTo(5);
      assertThat(each.cursorColumn()).isEqualTo(19);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 4097})
  void sizesOutOfRangeAreRefused(int size) {
    assertThatIllegalArgumentException().isThrownBy(() -> new TerminalScreen(size, 10));
    assertThatIllegalArgumentException().isThrownBy(() -> new TerminalScreen(10, size));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TerminalScreen(10, 10).resize(size, 10));
  }
}
