package dev.cleat.e2e.mutation;

import io.grpc.Metadata;
import java.util.List;
import java.util.SplittableRandom;

/** Metadata that no client sends. */
final class OddHeaders {
  private static final List<String> NAMES =
      List.of(
          "authorization",
          "traceparent",
          "tracestate",
          "baggage",
          "grpc-tags-bin",
          "grpc-trace-bin",
          "grpc-previous-rpc-attempts",
          "x-forwarded-for",
          "cookie",
          "x-bin",
          "cleat-tenant");

  private static final List<String> VALUES =
      List.of(
          "",
          " ",
          "Bearer",
          "Bearer x",
          "Bearer a.b.c",
          "Bearer cleat-ticket.x.y",
          "Basic eDp5",
          "00-00000000000000000000000000000000-0000000000000000-00",
          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
          "-1",
          "99999999999999999999",
          "~".repeat(500));

  private static final int MOST = 8;

  private OddHeaders() {}

  static Metadata draw(SplittableRandom random) {
    Metadata headers = new Metadata();
    for (int count = 1 + random.nextInt(MOST); count > 0; count--) {
      String name = NAMES.get(random.nextInt(NAMES.size()));
      if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
        byte[] value = new byte[random.nextInt(64)];
        random.nextBytes(value);
        headers.put(Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER), value);
      } else {
        headers.put(
            Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER),
            VALUES.get(random.nextInt(VALUES.size())));
      }
    }
    return headers;
  }
}
