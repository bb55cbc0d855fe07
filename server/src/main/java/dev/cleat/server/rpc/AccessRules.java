package dev.cleat.server.rpc;

import com.google.protobuf.DescriptorProtos.MethodOptions;
import dev.cleat.v1.Access;
import dev.cleat.v1.AccessProto;
import dev.cleat.v1.AccessScope;
import dev.cleat.v1.Role;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;

/** Who may make a call, as the contract says beside it. */
final class AccessRules {
  private AccessRules() {}

  /**
   * The rule of a call.
   *
   * @throws IllegalStateException if it has none: what nobody has thought about is not served
   */
  static Access of(MethodDescriptor<?, ?> method) {
    if (method.getSchemaDescriptor() instanceof ProtoMethodDescriptorSupplier supplier) {
      final MethodOptions options = supplier.getMethodDescriptor().getOptions();
      final Access rule = options.getExtension(AccessProto.access);
      if (isRole(rule.getRole()) && isScope(rule.getScope())) {
        return rule;
      }
    }
    throw new IllegalStateException(
        "the contract does not say who may call " + method.getFullMethodName());
  }

  private static boolean isRole(Role role) {
    return role != Role.ROLE_UNSPECIFIED && role != Role.UNRECOGNIZED;
  }

  private static boolean isScope(AccessScope scope) {
    return scope != AccessScope.ACCESS_SCOPE_UNSPECIFIED && scope != AccessScope.UNRECOGNIZED;
  }
}
