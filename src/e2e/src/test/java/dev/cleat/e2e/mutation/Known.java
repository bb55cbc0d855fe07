package dev.cleat.e2e.mutation;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;

/**
 * What the server has said there is: ids of sessions, turns and files, and where pages go on. The
 * newest of each are kept, also when they have ended since. Thread-safe.
 */
final class Known {
  private static final int KEPT = 12;
  private static final int LONGEST_READ = 16 << 10;

  /** What a thing is known by in requests, by the type that it is in answers. */
  private static final Map<String, String> IDS =
      Map.of(
          "cleat.v1.Session", "session_id",
          "cleat.v1.Turn", "turn_id",
          "cleat.v1.Artifact", "artifact_id",
          "cleat.v1.Approval", "approval_id");

  /**
   * Something of a session.
   *
   * @param session the session's id
   * @param id its own
   */
  record Of(String session, String id) {}

  /** Newest first. */
  private final Map<String, List<Of>> things = new ConcurrentHashMap<>();

  private final Map<String, List<Message>> nextPages = new ConcurrentHashMap<>();

  private static <T> void keep(Map<String, List<T>> kept, String key, T value) {
    List<T> values = kept.computeIfAbsent(key, none -> new ArrayList<>());
    synchronized (values) {
      if (!values.contains(value)) {
        values.addFirst(value);
      }
      if (values.size() > KEPT) {
        values.removeLast();
      }
    }
  }

  private static <T> Optional<T> any(
      Map<String, List<T>> kept, String key, RandomGenerator random) {
    List<T> values = kept.getOrDefault(key, List.of());
    synchronized (values) {
      // The newest most often.
      int from = values.isEmpty() ? 0 : random.nextInt(values.size()) + 1;
      return values.isEmpty() ? Optional.empty() : Optional.of(values.get(random.nextInt(from)));
    }
  }

  /** One of the values that this field may well have. */
  Optional<Of> any(String field, RandomGenerator random) {
    return any(things, field, random);
  }

  /** A request that asks for the page after one that came. */
  Optional<Message> anyNextPage(Descriptor request, RandomGenerator random) {
    return any(nextPages, request.getFullName(), random);
  }

  /** Notes what is named in an answer. */
  void note(Message request, Descriptor type, byte[] answer) {
    if (answer.length > LONGEST_READ) {
      return;
    }
    Message response;
    try {
      response = DynamicMessage.parseFrom(type, answer);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("an answer is no " + type.getName(), e);
    }
    note(response, text(request, "session_id"));
    String token = text(response, "next_page_token");
    FieldDescriptor next = request.getDescriptorForType().findFieldByName("page_token");
    if (!token.isEmpty() && next != null) {
      keep(
          nextPages,
          request.getDescriptorForType().getFullName(),
          request.toBuilder().setField(next, token).build());
    }
  }

  private void note(Message message, String session) {
    String kind = IDS.get(message.getDescriptorForType().getFullName());
    String own = text(message, "session_id");
    String of = own.isEmpty() ? session : own;
    if (kind != null) {
      String id = text(message, "id");
      of = kind.equals("session_id") ? id : of;
      keep(things, kind, new Of(of, id));
      for (String field : List.of("name", "resume_token")) {
        if (!text(message, field).isEmpty()) {
          keep(things, field, new Of(of, text(message, field)));
        }
      }
    }
    for (Map.Entry<FieldDescriptor, Object> field : message.getAllFields().entrySet()) {
      if (field.getKey().getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
        List<?> inner =
            field.getKey().isRepeated() ? (List<?>) field.getValue() : List.of(field.getValue());
        for (Object one : inner) {
          note((Message) one, of);
        }
      }
    }
  }

  private static String text(Message message, String name) {
    FieldDescriptor field = message.getDescriptorForType().findFieldByName(name);
    return field == null || field.getJavaType() != FieldDescriptor.JavaType.STRING
        ? ""
        : (String) message.getField(field);
  }
}
