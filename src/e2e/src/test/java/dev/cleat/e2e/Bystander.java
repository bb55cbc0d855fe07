package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.AttachOptions;
import dev.cleat.client.Attachment;
import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.Session;
import java.util.List;

/** A client that does nothing wrong: it types, and waits for what it typed. For one thread. */
final class Bystander implements AutoCloseable {
  private final CleatClient client;
  private final Session session;
  private final Transcript transcript = Transcript.keeping();
  private final Attachment attachment;
  private int lines;

  Bystander(ServerProcess server) {
    this(server.client());
  }

  /** Closes this client in the end. */
  Bystander(CleatClient client) {
    this.client = client;
    session = client.create(NewSession.of("sh").args(List.of("-c", "stty raw -echo; exec cat")));
    attachment = session.attach(AttachOptions.fromBeginning(), transcript);
  }

  /** Types some lines, and waits for each. */
  void goesOn() {
    for (int i = 0; i < 10; i++) {
      lines++;
      String line = "<" + lines + ">";
      attachment.send(line);
      Await.until("the echo of " + line, () -> transcript.text().endsWith(line));
    }
  }

  /** Whether the connection was the same all the time, and nothing was missing. */
  void assertUndisturbed() {
    transcript.assertWhole();
    assertThat(transcript.reconnects()).isZero();
  }

  @Override
  public void close() {
    attachment.close();
    session.delete(true);
    client.close();
  }
}
