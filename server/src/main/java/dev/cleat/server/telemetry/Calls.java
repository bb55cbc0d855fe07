package dev.cleat.server.telemetry;

import dev.cleat.v1.Access;
import dev.cleat.v1.AccessProto;
import dev.cleat.v1.Role;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** All calls: counted, timed, traced. Thread-safe. */
public final class Calls extends ServerStreamTracer.Factory {
  /** What clients call that is not ours is counted under one name: they choose theirs freely. */
  private static final String OTHER = "other";

  private final Counter total =
      new Counter(
          "cleat_rpc_calls", "Calls that have ended, by their status code.", "method", "code");
  private final Timings durations =
      new Timings(
          "cleat_rpc_duration_seconds",
          "From the first byte of a call to its end.",
          Timings.MEDIUM,
          "method");
  private final Map<String, Method> methods = new ConcurrentHashMap<>();
  private final Method other =
      new Method(OTHER, false, false, durations.of(OTHER), new ConcurrentHashMap<>());
  private final Tracing tracing;
  private final AuditLog audit;

  /**
   * A method.
   *
   * @param name {@code Service/Method} without the package
   * @param ours whether it is a method of ours
   * @param changes whether it changes something, so that it is in the audit log
   */
  record Method(
      String name,
      boolean ours,
      boolean changes,
      Timings.Of duration,
      Map<Status.Code, LongAdder> codes) {}

  /** Calls of these services are told apart. */
  public Calls(List<ServerServiceDefinition> services, Tracing tracing, AuditLog audit) {
    this.tracing = tracing;
    this.audit = audit;
    services.forEach(
        service -> service.getMethods().forEach(method -> know(method.getMethodDescriptor())));
  }

  private void know(MethodDescriptor<?, ?> method) {
    final String name = name(method);
    methods.put(
        method.getFullMethodName(),
        new Method(name, true, changes(method), durations.of(name), new ConcurrentHashMap<>()));
  }

  /** The short name of a method, as metrics and the audit log have it: {@code Service/Method}. */
  public static String name(MethodDescriptor<?, ?> method) {
    final String full = method.getFullMethodName();
    final int service = full.lastIndexOf('.', full.lastIndexOf('/'));
    return full.substring(service + 1);
  }

  /**
   * Whether a method may change something, as the contract says: it takes more than a viewer, has a
   * way in that does, or says so.
   */
  public static boolean changes(MethodDescriptor<?, ?> method) {
    if (!(method.getSchemaDescriptor() instanceof ProtoMethodDescriptorSupplier schema)) {
      return false;
    }
    final Access access =
        schema.getMethodDescriptor().getOptions().getExtension(AccessProto.access);
    return access.getRoleValue() > Role.ROLE_VIEWER_VALUE
        || access.getInputRoleValue() > Role.ROLE_VIEWER_VALUE
        || access.getChanges();
  }

  /** What it measures. */
  public List<Meter> meters() {
    return List.of(total, durations);
  }

  @Override
  public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
    final Method method = methods.getOrDefault(fullMethodName, other);
    return new Call(method, this, method.ours() ? tracing.call(fullMethodName, headers) : null);
  }

  void count(Method method, Status.Code code) {
    method.codes().computeIfAbsent(code, its -> total.of(method.name(), its.name())).increment();
  }

  void ended(Call call, Status status) {
    if (call.needsRecord()) {
      audit.writeOfUnknown(
          AuditRecord.of(call.methodName(), call.peer()).ended(status.getCode().name(), ""));
    }
  }
}
