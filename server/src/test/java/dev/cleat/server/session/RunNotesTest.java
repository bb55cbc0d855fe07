package dev.cleat.server.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RunNotesTest {
  @Test
  void areReadAsTheyWereStored() {
    final RunNotes notes = new RunNotes("0a1b", 12);
    assertThat(RunNotes.of(notes.stored(), 99)).isEqualTo(notes);
    assertThat(RunNotes.of(RunNotes.NONE.stored(), 99)).isEqualTo(RunNotes.NONE);
  }

  @Test
  void thoseOfAnEarlierVersionAreTheAidAlone() {
    assertThat(RunNotes.of("0a1b".getBytes(UTF_8), 99)).isEqualTo(new RunNotes("0a1b", 99));
    assertThat(RunNotes.of(new byte[0], 0)).isEqualTo(RunNotes.NONE);
  }
}
