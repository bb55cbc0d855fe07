package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import dev.cleat.server.policy.Names;
import dev.cleat.v1.Event;
import dev.cleat.v1.Event.KindCase;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class RedactionTest {
  private static final Redaction REDACTION =
      new Redaction(
          () -> new Names(List.of("KEY*", "TOKEN")),
          Map.of(
              "KEY", "sk-1234567", "KEY_SHORT", "abc", "PLAIN", "open", "KEY_2", "sk-1234567-8"));

  /** What callers have said is kept as it was, and so is what the terminal shows. */
  private static final Set<KindCase> OF_CALLERS =
      Set.of(KindCase.CREATED, KindCase.UPDATED, KindCase.OUTPUT);

  /** Fields that say what something is called, or that a caller has filled. */
  private static final Set<String> NAMES =
      Set.of(
          "artifact_id",
          "branch",
          "by",
          "call_id",
          "current_id",
          "description",
          "directory",
          "id",
          "mime_type",
          "name",
          "on_behalf_of",
          "option_id",
          "path",
          "paths",
          "prompt",
          "protocol",
          "request_id",
          "session_id",
          "sha256",
          "signal",
          "token",
          "tool",
          "turn_id",
          "workdir");

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

  /** Every text of every kind of event is redacted, or a name, or what the caller has said. */
  @Test
  void everyTextOfEveryEventIsRedactedOrIsOneThatStays() throws Exception {
    final Set<String> unchanged = new TreeSet<>();
    for (final FieldDescriptor kind : kinds().getFields()) {
      final Event.Builder event =
          Event.newBuilder().mergeFrom(one(kind, "it is sk-1234567").toByteArray());
      REDACTION.redact(event);
      if (!OF_CALLERS.contains(event.getKindCase())) {
        collect(event.getField(event.getOneofFieldDescriptor(kinds())), "", unchanged);
      }
    }
    assertThat(unchanged).isEqualTo(NAMES);
  }

  private static OneofDescriptor kinds() {
    return Event.getDescriptor().getOneofs().getFirst();
  }

  /** An event of a kind, with the same text wherever there can be one. */
  private static Message one(FieldDescriptor kind, String text) {
    final DynamicMessage.Builder message = DynamicMessage.newBuilder(kind.getMessageType());
    fill(message, text);
    return DynamicMessage.newBuilder(Event.getDescriptor()).setField(kind, message.build()).build();
  }

  private static void fill(DynamicMessage.Builder message, String text) {
    for (final FieldDescriptor field : message.getDescriptorForType().getFields()) {
      final Object value;
      if (field.isMapField()) {
        continue;
      } else if (field.getJavaType() == JavaType.STRING) {
        value = text;
      } else if (field.getJavaType() == JavaType.MESSAGE) {
        final DynamicMessage.Builder inner = DynamicMessage.newBuilder(field.getMessageType());
        fill(inner, text);
        value = inner.build();
      } else {
        continue;
      }
      message.setField(field, field.isRepeated() ? List.of(value) : value);
    }
  }

  /** The names of fields that still have the secret. */
  private static void collect(Object value, String name, Set<String> found) {
    switch (value) {
      case Message message ->
          message.getAllFields().forEach((field, one) -> collect(one, field.getName(), found));
      case List<?> all -> all.forEach(one -> collect(one, name, found));
      case String text -> {
        if (text.contains("sk-1234567")) {
          found.add(name);
        }
      }
      default -> {}
    }
  }

  @Test
  void aValueOfSeveralLinesIsFoundInJsonToo() {
    final Redaction redaction =
        new Redaction(() -> new Names(List.of("PEM")), Map.of("PEM", "-----\nline \"one\"\n-----"));
    final Event.Builder call = Event.newBuilder();
    call.getToolCallBuilder()
        .setInputJson("{\"command\":\"echo -----\\nline \\\"one\\\"\\n-----\"}");
    redaction.redact(call);
    assertThat(call.getToolCall().getInputJson()).isEqualTo("{\"command\":\"echo [PEM]\"}");
  }

  /** An agent's words come in pieces: the ends of these are no cuts. */
  @Test
  void aPieceOfAnAgentsTextIsTakenAsAWhole() {
    final Event.Builder piece = Event.newBuilder();
    piece.getAgentTextBuilder().setText("tasks sk-1");
    REDACTION.redact(piece);
    assertThat(piece.getAgentText().getText()).isEqualTo("tasks sk-1");
  }
}
