package dev.cleat.server.rpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import com.google.rpc.Code;
import dev.cleat.server.session.Refusal;
import dev.cleat.v1.ErrorReason;
import io.grpc.KnownLength;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Requests that say what is wrong with them. By itself gRPC answers a request that is too large, or
 * whose text is not UTF-8, with a code that blames the server and names no field, and takes any
 * number for a value of an enum; here it is parsed where the error can be said.
 */
final class CheckedRequests {
  private static final int TAG_TYPE_BITS = 3;

  private CheckedRequests() {}

  /** A request, or why there is none. */
  private sealed interface Parsed<Q> {
    record Message<Q>(Q message, int size) implements Parsed<Q> {}

    record Bad<Q>(Refusal why) implements Parsed<Q> {}
  }

  /** Says what is wrong with a message of so many bytes; null if nothing is. */
  interface Rule {
    @Nullable Refusal refusal(int size);
  }

  /** The same method, with its requests checked, whoever sends them. */
  static <Q, R> ServerMethodDefinition<?, R> checked(
      ServerMethodDefinition<Q, R> definition, int limit) {
    return checked(definition, limit, size -> null);
  }

  /**
   * The same method, with its requests checked.
   *
   * @param limit how long a request may be, whoever sends it
   * @param rule what else is asked of its length, on the call's own thread
   */
  static <Q, R> ServerMethodDefinition<?, R> checked(
      ServerMethodDefinition<Q, R> definition, int limit, Rule rule) {
    final MethodDescriptor<Q, R> method = definition.getMethodDescriptor();
    final MethodDescriptor<Parsed<Q>, R> parsed =
        method.toBuilder(
                new ParsedMarshaller<>(method, limit, new EnumFields(type(method))),
                method.getResponseMarshaller())
            .build();
    return ServerMethodDefinition.create(
        parsed,
        (call, headers) -> start(definition.getServerCallHandler(), method, rule, call, headers));
  }

  private static <Q, R> ServerCall.Listener<Parsed<Q>> start(
      ServerCallHandler<Q, R> handler,
      MethodDescriptor<Q, R> method,
      Rule rule,
      ServerCall<Parsed<Q>, R> call,
      Metadata headers) {
    final Unchecked<Q, R> unchecked = new Unchecked<>(call, method);
    final ServerCall.Listener<Q> listener = handler.startCall(unchecked, headers);
    return new ParsedListener<>(listener, unchecked, rule);
  }

  /** Hands on what could be parsed, and ends the call at what could not. */
  private static final class ParsedListener<Q, R> extends ServerCall.Listener<Parsed<Q>> {
    private final ServerCall.Listener<Q> listener;
    private final Unchecked<Q, R> call;
    private final Rule rule;

    ParsedListener(ServerCall.Listener<Q> listener, Unchecked<Q, R> call, Rule rule) {
      this.listener = listener;
      this.call = call;
      this.rule = rule;
    }

    @Override
    public void onMessage(Parsed<Q> parsed) {
      switch (parsed) {
        case Parsed.Message<Q>(Q message, int size) -> {
          final Refusal why = rule.refusal(size);
          if (why == null) {
            listener.onMessage(message);
          } else {
            refuse(why);
          }
        }
        case Parsed.Bad<Q>(Refusal why) -> refuse(why);
      }
    }

    private void refuse(Refusal why) {
      // The handler is to let go of the call, as when the client goes. If it has ended the call, it
      // has done so.
      if (call.refuse(why)) {
        listener.onCancel();
      }
    }

    @Override
    public void onHalfClose() {
      if (!call.isRefused()) {
        listener.onHalfClose();
      }
    }

    @Override
    public void onCancel() {
      if (!call.isRefused()) {
        listener.onCancel();
      }
    }

    @Override
    public void onComplete() {
      if (!call.isRefused()) {
        listener.onComplete();
      }
    }

    @Override
    public void onReady() {
      listener.onReady();
    }
  }

  /**
   * The call as the handler of the method knows it. Everything passes, also whether it is ready,
   * until it is refused. Handlers answer on threads of their own, and may have to wait for room to
   * do so; whoever refuses may not, so a call that is being answered then is ended by the one that
   * answers, behind that. It ends once.
   */
  private static final class Unchecked<Q, R> extends ServerCall<Q, R> {
    private final ServerCall<Parsed<Q>, R> call;
    private final MethodDescriptor<Q, R> method;
    private volatile @Nullable Refusal refusal;
    private boolean closed; // guarded by this
    private int answering; // guarded by this

    Unchecked(ServerCall<Parsed<Q>, R> call, MethodDescriptor<Q, R> method) {
      this.call = call;
      this.method = method;
    }

    boolean isRefused() {
      return refusal != null;
    }

    /** Ends the call, unless it has ended. Never waits. */
    boolean refuse(Refusal why) {
      synchronized (this) {
        if (closed) {
          return false;
        }
        closed = true;
        refusal = why;
        if (answering > 0) {
          return true;
        }
      }
      end(why);
      return true;
    }

    private void end(Refusal why) {
      final StatusRuntimeException status = Errors.status(why);
      final Metadata trailers = status.getTrailers();
      call.close(status.getStatus(), trailers == null ? new Metadata() : trailers);
    }

    /** Says something, unless the call was refused. */
    private void answer(boolean last, Runnable answer) {
      synchronized (this) {
        if (isRefused()) {
          return;
        }
        closed |= last;
        answering++;
      }
      try {
        answer.run();
      } finally {
        final Refusal meanwhile;
        synchronized (this) {
          answering--;
          meanwhile = answering == 0 ? refusal : null;
        }
        if (meanwhile != null) {
          end(meanwhile);
        }
      }
    }

    @Override
    public void request(int messages) {
      call.request(messages);
    }

    @Override
    public void sendHeaders(Metadata headers) {
      answer(false, () -> call.sendHeaders(headers));
    }

    @Override
    public void sendMessage(R message) {
      answer(false, () -> call.sendMessage(message));
    }

    @Override
    public boolean isReady() {
      return call.isReady();
    }

    @Override
    public void close(io.grpc.Status status, Metadata trailers) {
      answer(true, () -> call.close(status, trailers));
    }

    @Override
    public boolean isCancelled() {
      return isRefused() || call.isCancelled();
    }

    @Override
    public void setMessageCompression(boolean enabled) {
      call.setMessageCompression(enabled);
    }

    @Override
    public void setCompression(String compressor) {
      call.setCompression(compressor);
    }

    @Override
    public void setOnReadyThreshold(int bytes) {
      call.setOnReadyThreshold(bytes);
    }

    @Override
    public io.grpc.SecurityLevel getSecurityLevel() {
      return call.getSecurityLevel();
    }

    @Override
    public io.grpc.Attributes getAttributes() {
      return call.getAttributes();
    }

    @Override
    public @Nullable String getAuthority() {
      return call.getAuthority();
    }

    @Override
    public MethodDescriptor<Q, R> getMethodDescriptor() {
      return method;
    }
  }

  /** Parses, or says why that cannot be. */
  private record ParsedMarshaller<Q, R>(MethodDescriptor<Q, R> method, int limit, EnumFields enums)
      implements MethodDescriptor.Marshaller<Parsed<Q>> {
    @Override
    public InputStream stream(Parsed<Q> value) {
      return switch (value) {
        case Parsed.Message<Q>(Q message, int _) -> method.streamRequest(message);
        case Parsed.Bad<Q> bad -> throw bad.why();
      };
    }

    @Override
    public Parsed<Q> parse(InputStream stream) {
      try {
        if (stream instanceof KnownLength) {
          return sized(stream);
        }
        return unpacked(stream);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Of one that came compressed: a little of it may be very much. */
    private Parsed<Q> unpacked(InputStream stream) throws IOException {
      final byte[] bytes;
      try {
        bytes = stream.readNBytes(limit + 1);
      } catch (IOException e) {
        return new Parsed.Bad<>(malformed(ByteString.EMPTY));
      }
      return bytes.length > limit
          ? new Parsed.Bad<>(tooLarge("more", new ByteArrayInputStream(bytes)))
          : sized(new ByteArrayInputStream(bytes));
    }

    /** Of a stream that knows how much there is of it. */
    private Parsed<Q> sized(InputStream stream) throws IOException {
      final int size = stream.available();
      if (size > limit) {
        return new Parsed.Bad<>(tooLarge(Integer.toString(size), stream));
      }
      if (stream.markSupported()) {
        stream.mark(size);
      }
      try {
        return known(method.parseRequest(stream), size);
      } catch (StatusRuntimeException e) {
        if (stream.markSupported()) {
          stream.reset();
          return new Parsed.Bad<>(malformed(ByteString.readFrom(stream)));
        }
        return new Parsed.Bad<>(malformed(ByteString.EMPTY));
      }
    }

    private Parsed<Q> known(Q message, int size) {
      final Optional<String> field =
          message instanceof Message parsed ? enums.firstUnknown(parsed) : Optional.empty();
      return field.isPresent()
          ? new Parsed.Bad<>(
              Refusal.invalid(field.get(), "is a number that is no value of its enum"))
          : new Parsed.Message<>(message, size);
    }

    private Refusal tooLarge(String size, InputStream message) throws IOException {
      final String what = "may have at most " + limit + " bytes, and has " + size;
      return Refusal.of(
              Code.RESOURCE_EXHAUSTED, ErrorReason.ERROR_REASON_TOO_LARGE, "the message " + what)
          .field(largestField(message), "is too large: the message " + what)
          .with("limit_bytes", limit);
    }

    /**
     * What most of the message is; the name of its type where that is no field, or no message. What
     * a message may cost here does not depend on how many fields it has.
     */
    private String largestField(InputStream message) throws IOException {
      final int[] known =
          type().getFields().stream().mapToInt(FieldDescriptor::getNumber).sorted().toArray();
      final long[] sizes = new long[known.length + 1]; // The last is of all that are unknown.
      final CodedInputStream in = CodedInputStream.newInstance(message);
      int tag = 0;
      int start = 0;
      try {
        for (tag = in.readTag(); tag != 0 && in.skipField(tag); tag = in.readTag()) {
          final int end = in.getTotalBytesRead();
          final int place = Arrays.binarySearch(known, tag >>> TAG_TYPE_BITS);
          sizes[place < 0 ? known.length : place] += end - start;
          start = end;
        }
      } catch (InvalidProtocolBufferException e) {
        // It was cut off in this one.
        return name(tag >>> TAG_TYPE_BITS);
      }
      int largest = known.length;
      for (int place = 0; place < known.length; place++) {
        if (sizes[place] > sizes[largest]) {
          largest = place;
        }
      }
      return largest == known.length ? type().getName() : name(known[largest]);
    }

    private String name(int number) {
      final FieldDescriptor field = type().findFieldByNumber(number);
      if (field == null) {
        return type().getName();
      }
      return field.getName().equals("input") ? "input.data" : field.getName();
    }

    private Refusal malformed(ByteString bytes) {
      try {
        final Optional<String> field =
            Utf8Fields.firstInvalid(type(), UnknownFieldSet.parseFrom(bytes));
        if (field.isPresent()) {
          return Refusal.invalid(field.get(), "is not valid UTF-8");
        }
      } catch (InvalidProtocolBufferException e) {
        return Refusal.invalid(type().getName(), "is not a protobuf message of this type");
      }
      return Refusal.invalid(type().getName(), "is not a protobuf message of this type");
    }

    private Descriptor type() {
      return CheckedRequests.type(method);
    }
  }

  private static Descriptor type(MethodDescriptor<?, ?> method) {
    final Object schema = method.getSchemaDescriptor();
    if (schema instanceof ProtoMethodDescriptorSupplier supplier) {
      return supplier.getMethodDescriptor().getInputType();
    }
    throw new IllegalStateException(method.getFullMethodName() + " has no schema");
  }
}
