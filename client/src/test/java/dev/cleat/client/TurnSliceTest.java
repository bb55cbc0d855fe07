package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Where a turn's output is cut. */
class TurnSliceTest {
  private final ByteArrayOutputStream passed = new ByteArrayOutputStream();

  private String passed() {
    return passed.toString(StandardCharsets.UTF_8);
  }

  private static ByteString bytes(String text) {
    return ByteString.copyFromUtf8(text);
  }

  @Test
  void nothingBehindTheEndMarkIsPassedOnWhereverThePiecesAreCut() {
    ByteString all = bytes("echo\033]133;C\007out\033[1mput\033]133;D;0\007$ ");
    int start = bytes("echo\033]133;C\007").size();
    int end = bytes("echo\033]133;C\007out\033[1mput").size();
    for (int a = 0; a <= all.size(); a++) {
      for (int b = a; b <= all.size(); b++) {
        passed.reset();
        TurnSlice slice = new TurnSlice(100 + start, passed::writeBytes);
        slice.output(100, all.substring(0, a));
        slice.output(100 + a, all.substring(a, b));
        slice.output(100 + b, all.substring(b));
        assertThat(passed())
            .as("before the end, cut at %s and %s", a, b)
            .isEqualTo("out\033[1mput");
        slice.end(100 + end);
        assertThat(passed()).as("cut at %s and %s", a, b).isEqualTo("out\033[1mput");
      }
    }
  }

  @Test
  void aMarkBetweenTwoCommandsOfATurnIsPassedOnWhenTheSecondBegins() {
    TurnSlice slice = new TurnSlice(0, passed::writeBytes);
    slice.output(0, bytes("one\033]133;D;0\007$ two\033]133;C\007"));
    assertThat(passed()).isEqualTo("one");
    slice.goOn(0);
    assertThat(passed()).isEqualTo("one");
    slice.goOn(28);
    slice.output(28, bytes("2\033]133;D;0\007$ "));
    assertThat(passed()).isEqualTo("one\033]133;D;0\007$ two\033]133;C\0072");
  }

  @Test
  void aMarkThatNobodyConfirmsHoldsBackNoMoreThanItsShare() {
    TurnSlice slice = new TurnSlice(0, passed::writeBytes);
    slice.output(0, bytes("\033]133;D;0\007"));
    slice.output(10, ByteString.copyFrom(new byte[70_000]));
    assertThat(passed.size()).isEqualTo(70_010);
  }

  @Test
  void anEndWithoutAMarkCutsWhatIsHeldAtThatOffset() {
    TurnSlice slice = new TurnSlice(0, passed::writeBytes);
    slice.output(0, bytes("ab\033"));
    slice.end(3);
    assertThat(passed()).isEqualTo("ab\033");
  }

  @Test
  void whatIsMissingInBetweenDoesNotShiftWhatFollows() {
    TurnSlice slice = new TurnSlice(0, passed::writeBytes);
    slice.output(0, bytes("ab\033]133;D"));
    slice.output(1_000, bytes("cd$ "));
    slice.end(1_002);
    assertThat(passed()).isEqualTo("ab\033]133;Dcd$ ");
  }
}
