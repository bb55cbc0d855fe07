package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code buf curl} on the sessions of one server: a client that knows nothing but reflection.
 *
 * @param command the program with what all calls have in common
 * @param target where the server is
 */
public record Buf(List<String> command, String target) {
  private static final Path PACKAGES =
      Path.of(System.getProperty("cleat.root"), ".ci/node_modules/@bufbuild");

  /** With the command. */
  public Buf {
    command = List.copyOf(command);
  }

  /** On this server. Skips the test where there is no buf. */
  public static Buf on(String target) throws IOException {
    return new Buf(
        List.of(program(), "curl", "--http2-prior-knowledge", "--protocol", "grpc"), target);
  }

  /** The program itself, not npm's wrapper: that would survive us. */
  public static String program() throws IOException {
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(PACKAGES)) {
      try (DirectoryStream<Path> platforms = Files.newDirectoryStream(PACKAGES, "buf-*")) {
        platforms.forEach(platform -> found.add(platform.resolve("bin/buf")));
      }
    }
    assumeTrue(!found.isEmpty(), "needs buf: npm ci --prefix .ci");
    return found.getFirst().toString();
  }

  ForeignProcess start(String method) throws IOException {
    List<String> all = new ArrayList<>(command);
    all.addAll(List.of("--data", "@-", "http://" + target + "/cleat.v1.SessionService/" + method));
    return ForeignProcess.start(all.toArray(String[]::new));
  }

  /** What a call answers; the request may have single quotes. */
  public JsonObject call(String method, String request) throws Exception {
    try (ForeignProcess call = start(method)) {
      call.say(request);
      call.endInput();
      JsonObject response = call.nextJson();
      assertThat(call.awaitEnd()).as(call.errors()).isZero();
      return response;
    }
  }

  /** What it says about a call that fails. */
  JsonObject refused(String method, String request) throws Exception {
    try (ForeignProcess call = start(method)) {
      call.say(request);
      call.endInput();
      assertThat(call.awaitEnd()).as(call.errors()).isNotZero();
      return JsonParser.parseString(call.errors()).getAsJsonObject();
    }
  }
}
