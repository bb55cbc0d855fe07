package dev.cleat.server.telemetry;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Duration;
import com.google.protobuf.FieldMask;
import com.google.protobuf.MapEntry;
import com.google.protobuf.Message;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the audit log says of a request: names, numbers and switches as they are, of everything else
 * how large it is. A field that comes into the contract later is content until it is said here that
 * it is a name.
 */
final class RequestFacts {
  private static final int LONGEST = 200;
  private static final int MOST = 100;

  private static final Set<String> NAMES =
      Set.of(
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
          "caller");

  private RequestFacts() {}

  static Map<String, Object> of(Message request) {
    final Map<String, Object> facts = new LinkedHashMap<>();
    request.getAllFields().forEach((field, value) -> add(facts, field, value));
    return facts;
  }

  private static void add(Map<String, Object> facts, FieldDescriptor field, Object value) {
    final String name = field.getName();
    if (field.isMapField()) {
      facts.put(name, keys((List<?>) value));
    } else if (field.isRepeated()) {
      final List<?> values = (List<?>) value;
      if (field.getJavaType() == FieldDescriptor.JavaType.ENUM) {
        facts.put(name, values.stream().map(String::valueOf).limit(MOST).toList());
      } else {
        facts.put(name + "_count", values.size());
      }
    } else {
      single(facts, field, value);
    }
  }

  private static void single(Map<String, Object> facts, FieldDescriptor field, Object value) {
    final String name = field.getName();
    switch (value) {
      case String text when NAMES.contains(name) -> facts.put(name, cut(text));
      case String text -> facts.put(name + "_bytes", text.getBytes(StandardCharsets.UTF_8).length);
      case ByteString bytes -> facts.put(name + "_bytes", bytes.size());
      case EnumValueDescriptor constant -> facts.put(name, constant.getName());
      case Duration duration -> facts.put(name + "_seconds", seconds(duration));
      case FieldMask mask ->
          facts.put(name, mask.getPathsList().stream().limit(MOST).map(RequestFacts::cut).toList());
      case Message message -> facts.put(name, of(message));
      default -> facts.put(name, value);
    }
  }

  private static double seconds(Duration duration) {
    return duration.getSeconds() + duration.getNanos() / 1e9;
  }

  private static List<String> keys(List<?> entries) {
    final List<String> keys = new ArrayList<>();
    for (Object entry : entries) {
      if (keys.size() < MOST && entry instanceof MapEntry<?, ?> pair) {
        keys.add(cut(String.valueOf(pair.getKey())));
      }
    }
    return keys;
  }

  private static String cut(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
  }
}
