package dev.cleat.client;

import com.google.protobuf.ProtocolMessageEnum;

/** The contract's enums and this library's: the same names, there with a prefix. */
final class Names {
  private Names() {}

  /**
   * The value of the same name; {@code unknown} for what this version does not know, and for what
   * was not said.
   */
  static <E extends Enum<E>> E of(
      Class<E> type, String prefix, ProtocolMessageEnum value, E unknown) {
    String name = ((Enum<?>) value).name();
    for (E candidate : type.getEnumConstants()) {
      if (name.length() == prefix.length() + candidate.name().length()
          && name.endsWith(candidate.name())) {
        return candidate;
      }
    }
    return unknown;
  }
}
