package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.cleat.client.AttachEnd;
import dev.cleat.client.AttachOptions;
import dev.cleat.client.Attachment;
import dev.cleat.client.CleatClient;
import dev.cleat.client.CleatException;
import dev.cleat.client.NewSession;
import dev.cleat.client.Position;
import dev.cleat.client.Prompt;
import dev.cleat.client.Session;
import dev.cleat.client.SessionInfo.State;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A disk that fills while sessions print. */
@Order(9)
class FullDiskTest {
  private static final Numbers NUMBERS = new Numbers(400_000);

  /** Longer than the page that the last file may still have. */
  private static final Prompt TOO_LONG_FOR_WHAT_IS_LEFT =
      Prompt.of("echo refused # " + "x".repeat(10_000));

  // After the servers, which must be gone by then.
  @RegisterExtension
  @Order(1)
  final SmallDisk disk = new SmallDisk();

  @RegisterExtension
  @Order(2)
  final Servers servers = new Servers();

  @TempDir Path folder;

  /** Prints them in bursts, the second half of them when the disk has been full. */
  private List<String> prints() {
    return List.of(
        "-c",
        ("stty raw -echo; n=1; while [ $n -lt %1$d ]; do"
                + " until [ $n -lt %2$d ] || [ -e '%3$s' ]; do sleep 0.05; done;"
                + " seq $n $((n + 1999)); n=$((n + 2000)); sleep 0.01; done")
            .formatted(NUMBERS.last(), NUMBERS.last() / 2, hasBeenFull()));
  }

  private Path hasBeenFull() {
    return folder.resolve("has-been-full");
  }

  @Test
  void sessionsGoOnWhenThereIsRoomAgain() throws Exception {
    ServerProcess server = servers.start(disk.mount(folder.resolve("disk")).resolve("data"));
    try (CleatClient client = server.client()) {
      Session shell = client.create("bash");
      shell.prompt("true");
      Session printer = client.create(NewSession.of("sh").args(prints()));
      Transcript seen = Transcript.digesting();
      Attachment attachment = printer.attach(AttachOptions.fromBeginning().readOnly(), seen);
      fillWhilePrinting(server, printer, seen);

      assertStorageFull(() -> client.create("bash"));
      assertStorageFull(() -> shell.start(TOO_LONG_FOR_WHAT_IS_LEFT));
      // Smaller events than the output still find room: its folder is looked at, too.
      long head = printer.refresh().head().seq();
      Transcript reader = Transcript.digesting();
      try (Attachment _ = printer.attach(AttachOptions.fromBeginning().readOnly(), reader)) {
        Await.until("what there is can be read", () -> reader.last() >= head);
      }

      disk.free();
      assertThat(Transcript.end(attachment).reason()).isEqualTo(AttachEnd.Reason.EXITED);
      seen.assertWhole();
      seen.assertContains(reader);
      assertThat(seen.sha()).isEqualTo(NUMBERS.sha());
      assertThat(shell.prompt("echo accepted").output()).isEqualTo("accepted\n");
      assertThat(client.create("bash").prompt("echo new").output()).isEqualTo("new\n");
    }
    assertThat(server.stop()).isZero();
  }

  /** Fills the disk, and waits until the session's output does not fit any more. */
  private void fillWhilePrinting(ServerProcess server, Session printer, Transcript seen)
      throws Exception {
    Await.until("it prints", () -> seen.bytes() > 100_000);
    disk.fill();
    Files.createFile(hasBeenFull());
    Await.until(
        "it is held back",
        () ->
            server.errors().stream()
                .anyMatch(line -> line.contains(printer.id()) && line.contains("held back")));
  }

  private static void assertStorageFull(ThrowingCallable call) {
    assertThatExceptionOfType(CleatException.class)
        .isThrownBy(call)
        .satisfies(refusal -> {
          assertThat(refusal.code()).isEqualTo(CleatException.Code.RESOURCE_EXHAUSTED);
          assertThat(refusal.reason()).isEqualTo("STORAGE_FULL");
        });
  }

  @Test
  void aServerKilledOnAFullDiskComesBackWithAllThatWasSeen() throws Exception {
    Path data = disk.mount(folder.resolve("disk")).resolve("data");
    ServerProcess server = servers.start(data);
    Transcript seen = Transcript.digesting();
    String id;
    try (CleatClient client = server.client()) {
      Session printer = client.create(NewSession.of("sh").args(prints()));
      id = printer.id();
      try (Attachment _ = printer.attach(AttachOptions.fromBeginning().readOnly(), seen)) {
        fillWhilePrinting(server, printer, seen);
        server.kill();
      }
    }
    Servers.Refusal refusal = servers.refused(ServerCommand.on(data));
    assertThat(refusal.exitCode()).isEqualTo(1);
    assertThat(refusal.errors()).hasSize(1);
    assertThat(refusal.errors().getFirst()).startsWith("cleat: ").contains(data.toString());

    disk.free();
    ServerProcess back = servers.start(data);
    try (CleatClient client = back.client()) {
      Session printer = client.session(id);
      Transcript again = Transcript.digesting();
      Transcript.end(printer.attach(AttachOptions.fromBeginning().readOnly(), again));
      again.assertWhole();
      again.assertContains(seen);
      printer.restart();
      Transcript more = Transcript.digesting();
      Position place = new Position(1, again.last());
      Transcript.end(printer.attach(AttachOptions.after(place).readOnly(), more));
      more.assertWhole();
      assertThat(more.sha()).isEqualTo(NUMBERS.sha());
    }
    assertThat(back.stop()).isZero();
  }

  @Test
  void aServerThatIsToldToEndOnAFullDiskEndsAndLosesNothingThatWasSeen() throws Exception {
    Path data = disk.mount(folder.resolve("disk")).resolve("data");
    ServerProcess server = servers.start(ServerCommand.on(data).flag("--shutdown-grace", "2s"));
    Transcript seen = Transcript.digesting();
    String id;
    try (CleatClient client = server.client()) {
      Session printer = client.create(NewSession.of("sh").args(prints()));
      id = printer.id();
      try (Attachment _ = printer.attach(AttachOptions.fromBeginning().readOnly(), seen)) {
        fillWhilePrinting(server, printer, seen);
        assertThat(server.stop()).isZero();
      }
    }

    disk.free();
    ServerProcess back = servers.start(data);
    try (CleatClient client = back.client()) {
      Session printer = client.session(id);
      assertThat(printer.info().state()).as("its end was not written").isEqualTo(State.LOST);
      Transcript again = Transcript.digesting();
      Transcript.end(printer.attach(AttachOptions.fromBeginning().readOnly(), again));
      again.assertWhole();
      again.assertContains(seen);
    }
    assertThat(back.stop()).isZero();
  }
}
