package dev.cleat.server.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.SessionServiceProto;
import dev.cleat.v1.UpdateRequest;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RequestFactsTest {
  /** The value of every text, and of every key's value, in a full request. */
  private static final String CONTENT = "content";

  static Stream<Descriptor> requests() {
    return SessionServiceProto.getDescriptor().getServices().stream()
        .flatMap(service -> service.getMethods().stream())
        .map(method -> method.getInputType())
        .distinct();
  }

  /** With every field set: what is a name to {@code depth} levels deep. */
  private static Message full(Descriptor type, int depth) {
    final DynamicMessage.Builder message = DynamicMessage.newBuilder(type);
    for (FieldDescriptor field : type.getFields()) {
      if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && depth == 0) {
        continue;
      }
      final Object value = value(field, depth);
      if (field.isRepeated()) {
        message.addRepeatedField(field, value);
      } else {
        message.setField(field, value);
      }
    }
    return message.build();
  }

  private static Object value(FieldDescriptor field, int depth) {
    return switch (field.getJavaType()) {
      case STRING -> field.getName().equals("key") ? "key" : CONTENT;
      case BYTE_STRING -> ByteString.copyFromUtf8(CONTENT);
      case INT -> 7;
      case LONG -> 7L;
      case FLOAT -> 7f;
      case DOUBLE -> 7.0;
      case BOOLEAN -> true;
      case ENUM -> field.getEnumType().getValues().getLast();
      case MESSAGE -> full(field.getMessageType(), depth - 1);
    };
  }

  private static Stream<String> texts(Object facts) {
    return switch (facts) {
      case Map<?, ?> map -> map.values().stream().flatMap(RequestFactsTest::texts);
      case List<?> list -> list.stream().flatMap(RequestFactsTest::texts);
      default -> Stream.of(String.valueOf(facts));
    };
  }

  private static final List<String> NAMES =
      List.of(
          "session_id",
          "name",
          "name_prefix",
          "parent_id",
          "workspace",
          "tool",
          "model",
          "role",
          "turn_id",
          "approval_id",
          "option_id",
          "artifact_id",
          "request_id",
          "writer_id",
          "caller",
          "paths",
          "update_mask");

  @ParameterizedTest
  @MethodSource("requests")
  void contentIsOnlyInWhatIsAName(Descriptor type) {
    final Map<String, Object> facts = RequestFacts.of(full(type, 3));

    assertThat(facts).isNotEmpty();
    assertNamesOnly(facts);
  }

  private static void assertNamesOnly(Map<?, ?> facts) {
    facts.forEach((name, value) -> {
      if (value instanceof Map<?, ?> nested) {
        assertNamesOnly(nested);
      } else if (texts(value).anyMatch(CONTENT::equals)) {
        assertThat(NAMES).contains(String.valueOf(name));
      }
    });
  }

  @Test
  void sizesAndNamesAreSaid() {
    assertThat(
            RequestFacts.of(
                CreateRequest.newBuilder()
                    .setTool("bash")
                    .addArgs("-x")
                    .addArgs("-y")
                    .putEnv("TOKEN", "s3cret")
                    .setWorkdir("/home/é")
                    .build()))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("tool", "bash", "args_count", 2, "env", List.of("TOKEN"), "workdir_bytes", 8));
    assertThat(RequestFacts.of(SendPromptRequest.newBuilder().setPrompt("hallo").build()))
        .containsExactlyInAnyOrderEntriesOf(Map.of("prompt_bytes", 5));
  }

  @Test
  void whatAnUpdateChangesIsSaid() {
    final UpdateRequest.Builder update = UpdateRequest.newBuilder().setSessionId("s");
    update.getUpdateMaskBuilder().addPaths("labels").addPaths("name");
    assertThat(RequestFacts.of(update.build()))
        .containsEntry("update_mask", List.of("labels", "name"))
        .containsEntry("session_id", "s");
  }

  @Test
  void longNamesAreCut() {
    assertThat(
            String.valueOf(
                RequestFacts.of(CreateRequest.newBuilder().setName("n".repeat(5_000)).build())
                    .get("name")))
        .hasSize(201)
        .endsWith("…");
  }
}
