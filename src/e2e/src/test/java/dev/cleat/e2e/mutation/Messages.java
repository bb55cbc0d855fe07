package dev.cleat.e2e.mutation;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Draws a message of a type. For one thread.
 *
 * @param plausible values that are meant
 * @param random where chance comes from
 * @param oddness how many values in a thousand are not meant
 */
record Messages(Plausible plausible, RandomGenerator random, int oddness) {
  private static final int DEEPEST = 5;

  /** What an Attach begins with, and most requests have. */
  private static final List<String> ALMOST_ALWAYS =
      List.of(
          "session_id",
          "turn_id",
          "artifact_id",
          "prompt",
          "data",
          "tool",
          "size",
          "rows",
          "columns",
          "usage",
          "update_mask",
          "paths",
          "session",
          "name_prefix",
          "decision",
          "at",
          "from",
          "kind",
          "message_request");

  /** By one of the requests that go on with what came, or from nothing. */
  Message draw(Descriptor type) {
    Optional<Message> nextPage =
        chance(300) ? plausible.known().anyNextPage(type, random) : Optional.empty();
    return nextPage.orElseGet(() -> draw(type, 0));
  }

  private boolean chance(int inThousand) {
    return random.nextInt(1_000) < inThousand;
  }

  private boolean odd() {
    return chance(oddness);
  }

  private Message draw(Descriptor type, int depth) {
    DynamicMessage.Builder message = DynamicMessage.newBuilder(type);
    for (FieldDescriptor field : type.getFields()) {
      if (field.getRealContainingOneof() == null && (odd() || isSet(field, depth))) {
        set(message, field, depth);
      }
    }
    for (OneofDescriptor choice : type.getRealOneofs()) {
      if (ALMOST_ALWAYS.contains(choice.getName()) ? !odd() : chance(500)) {
        List<FieldDescriptor> fields = choice.getFields();
        // The first is what a stream opens with.
        FieldDescriptor field = fields.get(chance(300) ? 0 : random.nextInt(fields.size()));
        if (depth < DEEPEST || field.getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
          set(message, field, depth);
        }
      }
    }
    correct(message, type);
    if (odd()) {
      spoil(message, type);
    }
    return message.build();
  }

  private boolean isSet(FieldDescriptor field, int depth) {
    if (depth >= DEEPEST && field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
      return false;
    }
    if (field.getName().equals("session_id")
        && field.getContainingType().getName().equals("CreateRequest")) {
      return chance(100);
    }
    boolean mostly =
        ALMOST_ALWAYS.contains(field.getName())
            || field.getContainingType().getFullName().startsWith("google.protobuf.");
    return chance(mostly ? 950 : 150);
  }

  private void set(DynamicMessage.Builder message, FieldDescriptor field, int depth) {
    if (!field.isRepeated()) {
      message.setField(field, value(field, depth));
      return;
    }
    for (int count = count(); count > 0; count--) {
      message.addRepeatedField(field, value(field, depth));
    }
  }

  /** How often a repeated field comes. */
  private int count() {
    if (!odd()) {
      return 1 + random.nextInt(2);
    }
    return chance(50) ? random.nextInt(1_000) : random.nextInt(30);
  }

  private Object value(FieldDescriptor field, int depth) {
    if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
      return odd() && field.getMessageType().getFullName().equals("google.protobuf.Struct")
          ? nested(field.getMessageType(), random.nextInt(120))
          : draw(field.getMessageType(), depth + 1);
    }
    return odd() ? Odd.value(field, random) : plausible.value(field, random);
  }

  /** A struct in a struct in a struct: a parser's stack is only so deep. */
  private Message nested(Descriptor struct, int depth) {
    FieldDescriptor fields = struct.findFieldByName("fields");
    FieldDescriptor value = fields.getMessageType().findFieldByName("value");
    FieldDescriptor inner = value.getMessageType().findFieldByName("struct_value");
    Message message = DynamicMessage.getDefaultInstance(struct);
    for (int i = 0; i < depth; i++) {
      Message wrapped =
          DynamicMessage.newBuilder(value.getMessageType()).setField(inner, message).build();
      Message entry =
          DynamicMessage.newBuilder(fields.getMessageType())
              .setField(fields.getMessageType().findFieldByName("key"), "k")
              .setField(value, wrapped)
              .build();
      message = DynamicMessage.newBuilder(struct).addRepeatedField(fields, entry).build();
    }
    return message;
  }

  /** What belongs together: a turn and its session, a session's id and no name. */
  private void correct(DynamicMessage.Builder message, Descriptor type) {
    FieldDescriptor session = type.findFieldByName("session_id");
    if (session == null || odd() || type.getName().equals("CreateRequest")) {
      return;
    }
    FieldDescriptor name = type.findFieldByName("name");
    if (name != null && message.hasField(session)) {
      message.clearField(name);
    }
    for (String of : List.of("turn_id", "artifact_id")) {
      FieldDescriptor field = type.findFieldByName(of);
      if (field != null) {
        plausible
            .known()
            .any(of, random)
            .ifPresent(
                known -> message.setField(field, known.id()).setField(session, known.session()));
      }
    }
    FieldDescriptor filter = type.findFieldByName("filter");
    if (filter != null && message.hasField(filter)) {
      message.clearField(session);
    }
  }

  /** Fields of wrong types, of unknown numbers, and text that is none. */
  private void spoil(DynamicMessage.Builder message, Descriptor type) {
    List<FieldDescriptor> fields = type.getFields();
    int number =
        fields.isEmpty() || chance(200)
            ? 1 + random.nextInt(1 << 20)
            : fields.get(random.nextInt(fields.size())).getNumber();
    UnknownFieldSet.Field.Builder field = UnknownFieldSet.Field.newBuilder();
    switch (random.nextInt(6)) {
      case 0 -> field.addVarint(random.nextLong());
      case 1 -> field.addFixed32(random.nextInt());
      case 2 -> field.addFixed64(random.nextLong());
      case 3 -> field.addGroup(UnknownFieldSet.getDefaultInstance());
      case 4 -> field.addLengthDelimited(ByteString.EMPTY);
      default -> field.addLengthDelimited(Odd.notText());
    }
    message.setUnknownFields(UnknownFieldSet.newBuilder().addField(number, field.build()).build());
  }
}
