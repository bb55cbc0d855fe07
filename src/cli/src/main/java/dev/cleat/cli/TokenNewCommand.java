package dev.cleat.cli;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.HexFormat;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code cleat token new}. Talks to no server. */
@Command(
    name = "new",
    description = "Make a bearer token, and its entry for the server's file of tokens.",
    footer = {
      "",
      "The token is printed on standard output, once, and kept nowhere; the entry, which has only",
      "its hash, on standard error. Paste that under `tokens:` in the file of auth.tokens.",
      "Example: cleat token new --tenant build --role owner --name ci > ci.token"
    })
final class TokenNewCommand implements Callable<Integer> {
  private static final int BYTES = 32;
  private static final int LONGEST_NAME = 190;
  private static final Pattern TENANT = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");

  private final Streams streams;

  @Option(
      names = "--tenant",
      paramLabel = "TENANT",
      required = true,
      description = "Whose sessions there are for its bearer: a-z, 0-9 and -, at most 63.")
  private String tenant = "";

  @Option(
      names = "--role",
      paramLabel = "ROLE",
      required = true,
      description = "What its bearer may do: ${COMPLETION-CANDIDATES}.")
  private RoleWord role = RoleWord.VIEWER;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      required = true,
      description = "Who its bearer is within the tenant: what he creates, he owns.")
  private String name = "";

  @Option(
      names = "--expires",
      paramLabel = "DURATION",
      converter = Durations.class,
      description = "How long it is valid, such as 90d. Default: until its entry is removed.")
  private @Nullable Duration expires;

  TokenNewCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    if (!TENANT.matcher(tenant).matches()) {
      throw CliException.usage(
          "--tenant must be 1 to 63 characters of a-z, 0-9 and '-', and not '%s'"
              .formatted(tenant));
    }
    if (name.isBlank()
        || name.length() > LONGEST_NAME
        || name.startsWith("ticket:")
        || name.chars().anyMatch(Character::isISOControl)) {
      throw CliException.usage(
          "--name must be 1 to 190 characters, none a control character, and not begin with"
              + " 'ticket:'");
    }
    byte[] random = new byte[BYTES];
    new SecureRandom().nextBytes(random);
    // The word in front is for programs that look for secrets where none should be.
    String token = "cleat_" + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    streams.line(token);
    streams.note(entry(sha256(token)));
    return ExitCode.DONE;
  }

  private String entry(String hash) {
    String entry =
        """
          - name: "%s"
            tenant: "%s"
            role: %s
            sha256: "%s"\
        """
            .formatted(name.replace("\\", "\\\\").replace("\"", "\\\""), tenant, role, hash);
    return expires == null
        ? entry
        : entry + "\n    expires: " + Instant.now().plus(expires).truncatedTo(ChronoUnit.SECONDS);
  }

  private static String sha256(String token) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
