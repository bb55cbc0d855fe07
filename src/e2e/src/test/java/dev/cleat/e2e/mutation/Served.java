package dev.cleat.e2e.mutation;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import dev.cleat.v1.AccessServiceGrpc;
import dev.cleat.v1.SessionServiceGrpc;
import dev.cleat.v1.ToolServiceGrpc;
import io.grpc.channelz.v1.ChannelzGrpc;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import java.util.List;
import java.util.stream.Stream;

/**
 * A method that the server serves.
 *
 * @param rpc as gRPC knows it
 * @param schema as the contract has it
 */
record Served(io.grpc.MethodDescriptor<?, ?> rpc, MethodDescriptor schema) {

  /** All of them: those of the contract, and those that come with gRPC. */
  static List<Served> all() {
    return Stream.of(
            SessionServiceGrpc.getServiceDescriptor(),
            ToolServiceGrpc.getServiceDescriptor(),
            AccessServiceGrpc.getServiceDescriptor(),
            HealthGrpc.getServiceDescriptor(),
            ServerReflectionGrpc.getServiceDescriptor(),
            ChannelzGrpc.getServiceDescriptor())
        .flatMap(service -> service.getMethods().stream())
        .map(Served::of)
        .toList();
  }

  private static Served of(io.grpc.MethodDescriptor<?, ?> rpc) {
    if (!(rpc.getSchemaDescriptor() instanceof ProtoMethodDescriptorSupplier supplier)) {
      throw new IllegalStateException(rpc.getFullMethodName());
    }
    return new Served(rpc, supplier.getMethodDescriptor());
  }

  String name() {
    return schema.getName();
  }

  Descriptor request() {
    return schema.getInputType();
  }

  Descriptor response() {
    return schema.getOutputType();
  }

  /** Whether it is a method of the contract. */
  boolean isOurs() {
    return schema.getFile().getPackage().equals("cleat.v1");
  }

  /** Whether it may go on for as long as the caller likes. */
  boolean waits() {
    return schema.isServerStreaming() || schema.isClientStreaming() || name().equals("WaitTurn");
  }
}
