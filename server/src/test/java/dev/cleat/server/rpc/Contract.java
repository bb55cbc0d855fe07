package dev.cleat.server.rpc;

import com.google.protobuf.Descriptors.MethodDescriptor;
import dev.cleat.v1.Access;
import dev.cleat.v1.AccessProto;
import dev.cleat.v1.AccessServiceGrpc;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.ToolServiceGrpc;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.util.List;
import java.util.stream.Stream;

/** The calls of the contract, as its descriptors have them. */
final class Contract {
  private Contract() {}

  /**
   * A call.
   *
   * @param rpc as gRPC knows it
   * @param name its short name
   * @param rule who may make it
   */
  record Call(io.grpc.MethodDescriptor<?, ?> rpc, String name, Access rule) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** All of them, in the order of the contract. */
  static List<Call> calls() {
    return Stream.of(
            SessionServiceGrpc.getServiceDescriptor(),
            ToolServiceGrpc.getServiceDescriptor(),
            AccessServiceGrpc.getServiceDescriptor())
        .flatMap(service -> service.getMethods().stream())
        .map(Contract::call)
        .toList();
  }

  private static Call call(io.grpc.MethodDescriptor<?, ?> rpc) {
    if (!(rpc.getSchemaDescriptor() instanceof ProtoMethodDescriptorSupplier supplier)) {
      throw new IllegalStateException(rpc.getFullMethodName());
    }
    final MethodDescriptor method = supplier.getMethodDescriptor();
    return new Call(rpc, method.getName(), method.getOptions().getExtension(AccessProto.access));
  }
}
