package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.server.policy.Names;
import dev.cleat.v1.Event;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RedactionTest {
  private static final Redaction REDACTION =
      new Redaction(
          () -> new Names(List.of("KEY*", "TOKEN")),
          Map.of(
              "KEY", "sk-1234567", "KEY_SHORT", "abc", "PLAIN", "open", "KEY_2", "sk-1234567-8"));

  @Test
  void valuesOfSecretVariablesBecomeTheirNames() {
    assertThat(REDACTION.redacted("a sk-1234567, a sk-1234567-8 and open abc sk-1234567"))
        .isEqualTo("a [KEY], a [KEY_2] and open abc [KEY]");
    assertThat(REDACTION.redacted("nothing of it")).isEqualTo("nothing of it");
  }

  @Test
  void whatACutHasLeftOfAValueIsTakenOutToo() {
    assertThat(REDACTION.redacted("says sk-12345")).doesNotContain("sk-1");
    assertThat(REDACTION.redacted("34567-8 was refused")).doesNotContain("567");
    assertThat(REDACTION.redacted("risk")).isEqualTo("risk");
  }

  @Test
  void withoutSecretNamesEverythingStays() {
    final Redaction none = new Redaction(() -> Names.NONE, Map.of("KEY", "sk-1234567"));
    assertThat(none.redacted("sk-1234567")).isEqualTo("sk-1234567");
  }

  @Test
  void everyTextThatTheServerWritesIsRedacted() {
    final Event.Builder state = Event.newBuilder();
    state.getStateChangedBuilder().setMessage("failed with sk-1234567");
    REDACTION.redact(state);
    assertThat(state.getStateChanged().getMessage()).isEqualTo("failed with [KEY]");

    final Event.Builder way = Event.newBuilder();
    way.getPromptWayChangedBuilder().setMessage("by acp: no sk-1234567");
    REDACTION.redact(way);
    assertThat(way.getPromptWayChanged().getMessage()).isEqualTo("by acp: no [KEY]");

    final Event.Builder turn = Event.newBuilder();
    turn.getTurnChangedBuilder()
        .getTurnBuilder()
        .setPrompt("use sk-1234567")
        .setStatusMessage("sk-1234567")
        .setOutputPreview("sk-1234567 sk-1234567")
        .setErrorTail("no sk-1234567");
    REDACTION.redact(turn);
    assertThat(turn.getTurnChanged().getTurn().getStatusMessage()).isEqualTo("[KEY]");
    assertThat(turn.getTurnChanged().getTurn().getOutputPreview()).isEqualTo("[KEY] [KEY]");
    assertThat(turn.getTurnChanged().getTurn().getErrorTail()).isEqualTo("no [KEY]");
    assertThat(turn.getTurnChanged().getTurn().getPrompt()).isEqualTo("use sk-1234567");
  }
}
