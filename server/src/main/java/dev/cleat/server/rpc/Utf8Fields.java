package dev.cleat.server.rpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import java.util.Optional;

/** Finds the text in a message that is not UTF-8, which the parser only says is somewhere. */
final class Utf8Fields {
  private Utf8Fields() {}

  /** The path of the first such field, in the names of the contract. */
  static Optional<String> firstInvalid(Descriptor type, UnknownFieldSet message)
      throws InvalidProtocolBufferException {
    for (FieldDescriptor field : type.getFields()) {
      for (ByteString value : message.getField(field.getNumber()).getLengthDelimitedList()) {
        if (field.getType() == FieldDescriptor.Type.STRING && !value.isValidUtf8()) {
          return Optional.of(field.getName());
        }
        if (field.getType() == FieldDescriptor.Type.MESSAGE) {
          final Optional<String> inner =
              firstInvalid(field.getMessageType(), UnknownFieldSet.parseFrom(value));
          if (inner.isPresent()) {
            return Optional.of(
                field.isMapField() ? field.getName() : field.getName() + "." + inner.get());
          }
        }
      }
    }
    return Optional.empty();
  }
}
