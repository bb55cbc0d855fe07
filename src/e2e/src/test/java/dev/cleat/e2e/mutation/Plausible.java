package dev.cleat.e2e.mutation;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Values that fields could have in a request that is meant.
 *
 * @param known what there is
 * @param workdir a folder with a picture in it
 */
record Plausible(Known known, String workdir) {
  /** Of the fields with these names. The tools are those of the test's catalogue. */
  private static final Map<String, List<String>> TEXTS =
      Map.ofEntries(
          Map.entry("tool", List.of("still", "still", "still", "once", "prints", "bash")),
          Map.entry("args", List.of("-u", "--")),
          Map.entry("prompt", List.of("true", "echo said", "two\nlines", "shot.png", "été ☃")),
          Map.entry("start_prompts", List.of("true", "shot.png")),
          Map.entry("writer_id", List.of("w1", "w2", "w3", "w4")),
          Map.entry("caller", List.of("", "c1", "c2")),
          Map.entry("by", List.of("somebody")),
          Map.entry("workspace", List.of("", "w")),
          Map.entry("name_prefix", List.of("n1", "n2", "n3", "none")),
          Map.entry("endpoint", List.of("http://127.0.0.1:1")),
          Map.entry("resume_token", List.of("T1", "T2")),
          Map.entry("service", List.of("", "cleat.v1.SessionService", "none")),
          Map.entry("host", List.of("", "localhost")),
          Map.entry("file_by_filename", List.of("cleat/v1/session.proto", "none.proto")),
          Map.entry("file_containing_symbol", List.of("cleat.v1.SessionService", "cleat.v1.Event")),
          Map.entry("containing_type", List.of("google.protobuf.MethodOptions")),
          Map.entry(
              "all_extension_numbers_of_type",
              List.of("google.protobuf.MethodOptions", "google.protobuf.FieldOptions")),
          Map.entry(
              "paths",
              List.of(
                  "name",
                  "labels",
                  "metadata",
                  "model",
                  "agent_mode",
                  "role",
                  "workspace",
                  "idle_timeout",
                  "lifetime",
                  "resize_policy",
                  "retention",
                  "revive",
                  "approvals")));

  private static final Map<String, List<Long>> NUMBERS =
      Map.of(
          "rows", List.of(1L, 24L, 50L),
          "columns", List.of(2L, 80L, 200L),
          "epoch", List.of(0L, 1L),
          "after_seq", List.of(0L, 1L, 2L, 5L),
          "input_seq", List.of(1L, 1L, 2L, 3L),
          "last_events", List.of(0L, 1L, 10L),
          "page_size", List.of(0L, 1L, 2L, 10L),
          "seconds", List.of(0L, 0L, 1L, 3_600L),
          "nanos", List.of(0L, 1L, 20_000_000L));

  private static <T> T one(List<T> values, RandomGenerator random) {
    return values.get(random.nextInt(values.size()));
  }

  /** A value of a field that is no message. */
  Object value(FieldDescriptor field, RandomGenerator random) {
    return switch (field.getJavaType()) {
      case STRING -> text(field, random);
      case BYTE_STRING -> ByteString.copyFromUtf8(random.nextBoolean() ? "x\n" : "shot.png\n");
      case BOOLEAN -> random.nextBoolean();
      case ENUM -> number(field, random);
      case INT -> (int) number(field.getName(), random);
      case LONG -> number(field.getName(), random);
      case FLOAT -> random.nextFloat();
      case DOUBLE -> random.nextDouble();
      case MESSAGE -> throw new IllegalArgumentException(field.getFullName());
    };
  }

  private static EnumValueDescriptor number(FieldDescriptor field, RandomGenerator random) {
    return one(field.getEnumType().getValues(), random);
  }

  private static long number(String field, RandomGenerator random) {
    return one(NUMBERS.getOrDefault(field, List.of(0L, 1L, 2L)), random);
  }

  private String text(FieldDescriptor field, RandomGenerator random) {
    String name = field.getName();
    Descriptor in = field.getContainingType();
    return switch (name) {
      case "workdir" -> random.nextInt(3) == 0 ? workdir : "";
      case "request_id" -> "r" + random.nextInt(200);
      case "key" -> "k" + random.nextInt(5);
      case "name" ->
          in.getName().startsWith("GetTool")
              ? one(TEXTS.getOrDefault("tool", List.of()), random)
              : isNew(in)
                  ? "n" + random.nextInt(50)
                  : known.any("name", random).map(Known.Of::id).orElse("n1");
      case "session_id" ->
          isNew(in)
              ? "s" + random.nextInt(1_000)
              : known.any("session_id", random).map(Known.Of::id).orElse("s1");
      case "parent_id" -> known.any("session_id", random).map(Known.Of::id).orElse("s1");
      default ->
          TEXTS.containsKey(name)
              ? one(TEXTS.get(name), random)
              : known.any(name, random).map(Known.Of::id).orElse("text");
    };
  }

  /** Where names are given, and not asked for. */
  private static boolean isNew(Descriptor type) {
    return type.getName().equals("CreateRequest") || type.getName().equals("Session");
  }
}
