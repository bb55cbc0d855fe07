package dev.cleat.server.rpc;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Empty;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.cleat.server.session.Sessions;
import dev.cleat.server.session.TenantSessions;
import dev.cleat.v1.AccessScope;
import dev.cleat.v1.Role;
import dev.cleat.v1.SessionServiceGrpc;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoUtils;
import org.junit.jupiter.api.Test;

/** There is one way from a call to a session, and none for a call without a rule. */
class DoorTest {
  @Test
  void nothingButReachGetsAtSessions() {
    noClasses()
        .that()
        .resideInAPackage("dev.cleat.server.rpc")
        .and()
        .doNotHaveFullyQualifiedName(Reach.class.getName())
        .should()
        .dependOnClassesThat()
        .areAssignableTo(TenantSessions.class)
        .orShould()
        .callMethod(Sessions.class, "of", String.class)
        .check(
            new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("dev.cleat.server.rpc"));
  }

  @Test
  void aCallWithoutARuleIsNotServed() {
    final MethodDescriptor<Empty, Empty> call =
        MethodDescriptor.<Empty, Empty>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName("cleat.v1.SessionService/Forgotten")
            .setRequestMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
            .setResponseMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
            .build();
    assertThatThrownBy(() -> AccessRules.of(call))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("SessionService/Forgotten");
    final var rule = AccessRules.of(SessionServiceGrpc.getAttachMethod());
    assertThat(rule.getRole()).isEqualTo(Role.ROLE_VIEWER);
    assertThat(rule.getScope()).isEqualTo(AccessScope.ACCESS_SCOPE_SESSION);
    assertThat(rule.getInputRole()).isEqualTo(Role.ROLE_WRITER);
  }
}
