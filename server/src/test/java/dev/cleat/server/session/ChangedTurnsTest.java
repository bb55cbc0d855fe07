package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.server.session.ChangedTurns.Unsaved;
import dev.cleat.v1.AddedUsage;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which turns the database must have, and which it may have let go. */
class ChangedTurnsTest {
  private static final Turn RUNNING =
      Turn.newBuilder().setId("a").setState(TurnState.TURN_STATE_RUNNING).build();
  private static final Turn ENDED =
      RUNNING.toBuilder().setState(TurnState.TURN_STATE_SUCCEEDED).build();
  private static final Turn MORE =
      ENDED.toBuilder().addAddedUsage(AddedUsage.getDefaultInstance()).build();

  private final ChangedTurns turns = new ChangedTurns();

  private static Unsaved changed(Turn turn) {
    return new Unsaved(List.of(turn), List.of());
  }

  private static Unsaved amended(Turn turn) {
    return new Unsaved(List.of(), List.of(turn));
  }

  @Test
  void whatWasNeverSavedMustBeWrittenAlsoWithWhatWasAdded() {
    turns.changed(ENDED);
    turns.amended(MORE);

    assertThat(turns.unsaved()).isEqualTo(changed(MORE));
    assertThat(turns.find("a")).isEqualTo(MORE);
  }

  @Test
  void additionToATurnThatWasSavedIsNoMoreThanThat() {
    turns.amended(MORE);

    assertThat(turns.unsaved()).isEqualTo(amended(MORE));
    assertThat(turns.find("a")).isEqualTo(MORE);
    turns.saved(amended(MORE));
    assertThat(turns.unsaved()).isEqualTo(new Unsaved(List.of(), List.of()));
    assertThat(turns.find("a")).isNull();
  }

  @Test
  void additionWhileTheEndIsBeingSavedIsNoMoreThanThat() {
    turns.changed(ENDED);
    final Unsaved saving = turns.unsaved();
    turns.amended(MORE);
    turns.saved(saving);

    assertThat(turns.unsaved()).isEqualTo(amended(MORE));
  }

  @Test
  void additionWhileAnotherIsBeingSavedIsSavedNext() {
    turns.amended(MORE);
    final Unsaved saving = turns.unsaved();
    final Turn evenMore = MORE.toBuilder().addAddedUsage(AddedUsage.getDefaultInstance()).build();
    turns.amended(evenMore);
    turns.saved(saving);

    assertThat(turns.unsaved()).isEqualTo(amended(evenMore));
  }

  @Test
  void endWhileTheTurnIsBeingSavedMustBeWritten() {
    turns.changed(RUNNING);
    final Unsaved saving = turns.unsaved();
    turns.changed(ENDED);
    turns.amended(MORE);
    turns.saved(saving);

    assertThat(turns.unsaved()).isEqualTo(changed(MORE));
  }
}
