package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import dev.cleat.client.CleatClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Which server, and who calls. A token is never an argument: everybody on a machine sees the
 * arguments of every process.
 */
final class ServerOption {
  /** The name of the field of this mixin in every command that has it. */
  static final String NAME = "server";

  private static final String DEFAULT = "127.0.0.1:7070";
  private static final Pattern FORM = Pattern.compile("(\\[[^]\\s]+]|[^\\s:/\\[\\]]+):\\d{1,5}");

  /** Bridges a hiccup of the network; longer would only delay saying that there is no server. */
  private static final Duration RETRY = Duration.ofMillis(500);

  @Option(
      names = "--server",
      paramLabel = "HOST:PORT",
      defaultValue = "${env:CLEAT_SERVER:-" + DEFAULT + "}",
      description = "The server; else CLEAT_SERVER, else " + DEFAULT + ".")
  private String given = DEFAULT;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description =
          "A file with the token that says who calls; else CLEAT_TOKEN has it, or CLEAT_TOKEN_FILE"
              + " names the file. No option takes the token itself: every user of the machine"
              + " could read it in the list of processes.")
  private @Nullable Path tokenFile;

  @Option(
      names = "--tls",
      description =
          "Use TLS, trusting the authorities that Java trusts. Goes without saying with"
              + " --ca and --cert.")
  private boolean tls;

  @Option(
      names = "--ca",
      paramLabel = "FILE",
      description = "Use TLS, trusting the authorities in this PEM file.")
  private @Nullable Path authorities;

  @Option(
      names = "--cert",
      paramLabel = "FILE",
      description = "A PEM file with a certificate that says who calls.")
  private @Nullable Path certificate;

  @Option(
      names = "--key",
      paramLabel = "FILE",
      description = "A PEM file with its private key (PKCS#8).")
  private @Nullable Path key;

  private final Contact contact = new Contact();

  String target() {
    return given.isBlank() ? DEFAULT : given;
  }

  /** A client for it. Does not connect yet. */
  CleatClient connect() {
    if (!FORM.matcher(target()).matches()) {
      throw CliException.usage(
          "the server is given as HOST:PORT, such as %s, and not as '%s'"
              .formatted(DEFAULT, target()));
    }
    if ((certificate == null) != (key == null)) {
      throw CliException.usage("--cert and --key go together");
    }
    CleatClientBuilder builder =
        CleatClient.builder().target(target()).retryFor(RETRY).intercept(contact);
    secure(builder);
    identify(builder);
    return builder.build();
  }

  /** Whether a call has come as far as a connection to the server. */
  boolean reached() {
    return contact.made();
  }

  private void secure(CleatClientBuilder builder) {
    try {
      if (authorities != null) {
        builder.tls(authorities);
      } else if (tls) {
        builder.tls();
      }
      if (certificate != null && key != null) {
        builder.clientCertificate(certificate, key);
      }
    } catch (IOException | IllegalArgumentException e) {
      throw CliException.failed("a certificate or its key cannot be read: " + e.getMessage(), e);
    }
  }

  private void identify(CleatClientBuilder builder) {
    String token = System.getenv("CLEAT_TOKEN");
    String file = System.getenv("CLEAT_TOKEN_FILE");
    if (tokenFile != null) {
      builder.token(read(tokenFile));
    } else if (token != null && !token.isBlank()) {
      builder.token(token);
    } else if (file != null && !file.isBlank()) {
      builder.token(read(Path.of(file)));
    }
  }

  private static String read(Path file) {
    try {
      String token = Files.readString(file).strip();
      if (token.isEmpty() || token.contains("\n")) {
        throw CliException.failed("%s must have one line: the token".formatted(file));
      }
      return token;
    } catch (IOException e) {
      throw CliException.failed("the token in %s cannot be read: %s".formatted(file, e), e);
    }
  }
}
