package dev.cleat.server.rpc;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds numbers in a message that are no values of their enums. The parser keeps them, and who asks
 * for less than the caller wanted, or stores what nobody understands, does not help the caller.
 */
final class EnumFields {
  /** The types that such a number can be in, or in a part of. */
  private final Set<String> types = new HashSet<>();

  /** For messages of this type. */
  EnumFields(Descriptor type) {
    find(type, new HashSet<>());
  }

  /** Until nothing is added: types may contain themselves. */
  private void find(Descriptor type, Set<String> seen) {
    int before;
    do {
      before = types.size();
      seen.clear();
      look(type, seen);
    } while (types.size() > before);
  }

  private boolean look(Descriptor type, Set<String> seen) {
    if (!seen.add(type.getFullName())) {
      return types.contains(type.getFullName());
    }
    for (FieldDescriptor field : type.getFields()) {
      if (field.getJavaType() == FieldDescriptor.JavaType.ENUM
          || (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
              && look(field.getMessageType(), seen))) {
        types.add(type.getFullName());
      }
    }
    return types.contains(type.getFullName());
  }

  /** The path of the first such field, in the names of the contract. */
  Optional<String> firstUnknown(Message message) {
    if (!types.contains(message.getDescriptorForType().getFullName())) {
      return Optional.empty();
    }
    for (Map.Entry<FieldDescriptor, Object> entry : message.getAllFields().entrySet()) {
      final FieldDescriptor field = entry.getKey();
      final List<?> values =
          field.isRepeated() ? (List<?>) entry.getValue() : List.of(entry.getValue());
      for (Object value : values) {
        final Optional<String> unknown =
            switch (value) {
              // What the parser made up for a number stands nowhere among the values.
              case EnumValueDescriptor number when number.getIndex() < 0 -> Optional.of("");
              case Message inner -> firstUnknown(inner).map(path -> "." + path);
              default -> Optional.empty();
            };
        if (unknown.isPresent()) {
          return Optional.of(field.getName() + (field.isMapField() ? "" : unknown.get()));
        }
      }
    }
    return Optional.empty();
  }
}
