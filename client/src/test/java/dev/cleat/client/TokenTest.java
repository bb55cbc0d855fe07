package dev.cleat.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cleat.client.CleatException.Code;
import dev.cleat.v1.AccessServiceGrpc;
import dev.cleat.v1.CreateTicketRequest;
import dev.cleat.v1.CreateTicketResponse;
import dev.cleat.v1.WhoAmIRequest;
import dev.cleat.v1.WhoAmIResponse;
import io.grpc.Attributes;
import io.grpc.BindableService;
import io.grpc.CallCredentials;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.SecurityLevel;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a client says of who it is. */
class TokenTest {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  /** Tells everybody what his token was. */
  private static final class Access extends AccessServiceGrpc.AccessServiceImplBase
      implements ServerInterceptor {
    final List<String> seen = new CopyOnWriteArrayList<>();
    volatile @Nullable Status refusal;

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      seen.add(String.valueOf(headers.get(AUTHORIZATION)));
      Status status = refusal;
      if (status != null) {
        call.close(status, new Metadata());
        return new ServerCall.Listener<>() {};
      }
      return next.startCall(call, headers);
    }

    @Override
    public void whoAmI(WhoAmIRequest request, StreamObserver<WhoAmIResponse> responses) {
      responses.onNext(
          WhoAmIResponse.newBuilder()
              .setTenant("t")
              .setSubject("s")
              .setRole(dev.cleat.v1.Role.ROLE_OWNER)
              .setExpireTime(Times.timestamp(Instant.EPOCH))
              .build());
      responses.onCompleted();
    }

    @Override
    public void createTicket(
        CreateTicketRequest request, StreamObserver<CreateTicketResponse> responses) {
      responses.onNext(
          CreateTicketResponse.newBuilder()
              .setTicket(
                  "%s %s %d"
                      .formatted(
                          request.getSessionId(), request.getRole(), request.getTtl().getSeconds()))
              .setExpireTime(Times.timestamp(Instant.EPOCH))
              .build());
      responses.onCompleted();
    }
  }

  private final Access access = new Access();
  private final ScriptedService service = new ScriptedService();
  private final LoopbackServer server = new LoopbackServer(seen(access), seen(service));

  private BindableService seen(BindableService any) {
    return () -> ServerInterceptors.intercept(any, access);
  }

  @AfterEach
  void close() {
    server.close();
  }

  private CleatClientBuilder builder() {
    return CleatClient.builder()
        .target(server.target())
        .backOff(Duration.ofMillis(1), Duration.ofMillis(20));
  }

  @Test
  void aTokenIsSentWithEveryCall() {
    try (CleatClient client = builder().token("secret").build()) {
      assertThat(client.whoAmI())
          .isEqualTo(
              new CallerInfo(
                  "t",
                  "s",
                  AccessRole.OWNER,
                  java.util.Optional.empty(),
                  java.util.Optional.of(Instant.EPOCH)));
      Ticket ticket =
          LoopbackServer.session(client).ticket(AccessRole.WRITER, Duration.ofMinutes(5));
      assertThat(ticket).isEqualTo(new Ticket("s ROLE_WRITER 300", Instant.EPOCH));
      assertThat(ticket.toString()).doesNotContain("ROLE_WRITER");
    }
    try (CleatClient client = builder().build()) {
      client.whoAmI();
    }
    assertThat(access.seen).containsExactly("Bearer secret", "Bearer secret", "null");
  }

  @Test
  void theSupplierIsAskedForEveryCallAndWhenAStreamIsResumed() throws Exception {
    AtomicInteger number = new AtomicInteger();
    service
        .then(c -> c.attached().events(1).fail(Status.UNAVAILABLE.asRuntimeException()))
        .then(c -> c.attached().ended());
    try (CleatClient client =
        builder().tokenSupplier(() -> "token-" + number.incrementAndGet()).build()) {
      client.whoAmI();
      Recorder.end(
          LoopbackServer.session(client)
              .attach(AttachOptions.fromBeginning().readOnly(), new Recorder()));
    }
    assertThat(access.seen).containsExactly("Bearer token-1", "Bearer token-2", "Bearer token-3");
  }

  @Test
  void aSupplierThatFailsIsAskedAgain() {
    AtomicInteger number = new AtomicInteger();
    try (CleatClient client =
        builder()
            .tokenSupplier(() -> {
              if (number.incrementAndGet() < 3) {
                throw new IllegalStateException("not yet");
              }
              return "late";
            })
            .build()) {
      client.whoAmI();
    }
    assertThat(access.seen).containsExactly("Bearer late");
  }

  @Test
  void whatIsNoTokenIsNotSent() {
    for (String token : new String[] {"", " ", "a b", "a\nb", "ä"}) {
      try (CleatClient client = builder().token(token).build()) {
        CleatException failure = catchThrowableOfType(CleatException.class, () -> client.whoAmI());
        assertThat(failure.code()).isEqualTo(Code.UNAUTHENTICATED);
        assertThat(failure).hasMessageContaining("the token is empty");
      }
    }
    assertThat(access.seen).isEmpty();
  }

  @Test
  void aRefusalIsToldAndNotTriedAgain() {
    access.refusal = Status.UNAUTHENTICATED.withDescription("nobody");
    try (CleatClient client = builder().token("secret").build()) {
      CleatException failure = catchThrowableOfType(CleatException.class, () -> client.whoAmI());
      assertThat(failure.code()).isEqualTo(Code.UNAUTHENTICATED);
      assertThat(failure).hasMessage("nobody").hasMessageNotContaining("secret");
    }
    assertThat(access.seen).hasSize(1);
  }

  @Test
  void aTokenDoesNotGoToAnotherMachineInTheClear() throws Exception {
    InetAddress other = InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1});
    SocketAddress far = new InetSocketAddress(other, 7070);
    SocketAddress near = new InetSocketAddress(InetAddress.getLoopbackAddress(), 7070);
    SocketAddress local = UnixDomainSocketAddress.of("/socket");

    assertThat(sent(far, SecurityLevel.NONE, false)).startsWith("UNAUTHENTICATED");
    assertThat(sent(far, SecurityLevel.INTEGRITY, false)).startsWith("UNAUTHENTICATED");
    assertThat(sent(far, SecurityLevel.PRIVACY_AND_INTEGRITY, false)).isEqualTo("Bearer secret");
    assertThat(sent(far, SecurityLevel.NONE, true)).isEqualTo("Bearer secret");
    assertThat(sent(near, SecurityLevel.NONE, false)).isEqualTo("Bearer secret");
    assertThat(sent(local, SecurityLevel.NONE, false)).isEqualTo("Bearer secret");
  }

  /** What goes over a connection to this address, or why nothing does. */
  private static String sent(SocketAddress server, SecurityLevel security, boolean alsoInTheClear)
      throws Exception {
    CompletableFuture<String> sent = new CompletableFuture<>();
    BearerToken.fixed("secret", alsoInTheClear)
        .applyRequestMetadata(
            new CallCredentials.RequestInfo() {
              @Override
              public MethodDescriptor<?, ?> getMethodDescriptor() {
                return AccessServiceGrpc.getWhoAmIMethod();
              }

              @Override
              public SecurityLevel getSecurityLevel() {
                return security;
              }

              @Override
              public String getAuthority() {
                return "authority";
              }

              @Override
              public Attributes getTransportAttrs() {
                return Attributes.newBuilder().set(Grpc.TRANSPORT_ATTR_REMOTE_ADDR, server).build();
              }
            },
            Runnable::run,
            new CallCredentials.MetadataApplier() {
              @Override
              public void apply(Metadata headers) {
                sent.complete(String.valueOf(headers.get(AUTHORIZATION)));
              }

              @Override
              public void fail(Status status) {
                sent.complete(status.getCode() + " " + status.getDescription());
              }
            });
    return sent.get(60, TimeUnit.SECONDS);
  }
}
