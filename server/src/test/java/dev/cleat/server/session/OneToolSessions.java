package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.server.isolation.Isolator;
import dev.cleat.server.journal.FakeDisk;
import dev.cleat.server.journal.JournalOptions;
import dev.cleat.server.journal.Retention;
import dev.cleat.server.journal.SyncPolicy;
import dev.cleat.server.policy.Policy;
import dev.cleat.server.store.Store;
import dev.cleat.server.telemetry.Tracing;
import dev.cleat.server.terminal.PipeTerminals;
import dev.cleat.server.terminal.TerminalFactory;
import dev.cleat.server.tool.Catalogue;
import dev.cleat.server.tool.ShellInit;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.TerminalSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;

/**
 * Sessions of one program, one at a time unless more are asked for, whose journals are on a disk
 * that a test can fill, and whose syncs it can hold back.
 */
public final class OneToolSessions {
  private static final String TOOL = "once";

  private OneToolSessions() {}

  /** Opens them as they usually are; whoever does so closes them. */
  static Sessions open(Path folder, FakeDisk disk, Path program, TerminalFactory terminals)
      throws Exception {
    return open(folder, disk, program, terminals, SyncPolicy.INTERVAL);
  }

  /** Opens them; whoever does so closes them. */
  public static Sessions open(
      Path folder, FakeDisk disk, Path program, TerminalFactory terminals, SyncPolicy sync)
      throws Exception {
    return open(folder, disk, program, terminals, sync, 1);
  }

  /** Opens them, and so many may run at a time. */
  static Sessions open(
      Path folder,
      FakeDisk disk,
      Path program,
      TerminalFactory terminals,
      SyncPolicy sync,
      int atATime)
      throws Exception {
    return open(
        folder,
        disk,
        Store.open(folder.resolve("state.db"), InstantSource.system()),
        Policy.none(),
        "tools: {%s: {command: [%s], turns: none}}".formatted(TOOL, program),
        terminals,
        sync,
        atATime);
  }

  /**
   * Opens sessions of other tools, likewise.
   *
   * @param tools a catalogue
   */
  static Sessions open(
      Path folder,
      FakeDisk disk,
      Store store,
      Policy policy,
      String tools,
      TerminalFactory terminals)
      throws Exception {
    return open(folder, disk, store, policy, tools, terminals, SyncPolicy.INTERVAL, 1);
  }

  private static Sessions open(
      Path folder,
      FakeDisk disk,
      Store store,
      Policy policy,
      String tools,
      TerminalFactory terminals,
      SyncPolicy sync,
      int atATime)
      throws Exception {
    final Path catalogue = Files.writeString(folder.resolve("tools.yaml"), tools);
    return Sessions.open(
        disk.rootOn(folder.resolve("journals")),
        store,
        Catalogue.open(catalogue, ShellInit.install(folder.resolve("shells"))),
        new Ledgers(policy, atATime),
        terminals,
        new PipeTerminals(),
        policy,
        Isolator.none(folder),
        new SessionSettings(
            JournalOptions.of(Retention.UNLIMITED, sync),
            folder,
            folder.resolve("workspaces"),
            folder.resolve("pictures"),
            Duration.ZERO,
            Duration.ZERO,
            Duration.ofSeconds(1),
            10,
            10,
            1 << 20,
            1,
            List.of(),
            false),
        InstantSource.system(),
        Tracing.off());
  }

  /**
   * Writes the program. Another process does: what this one has open for writing, each process that
   * a test starts just then has open too for a moment, and such a file cannot be run.
   */
  public static void install(Path program, String script) throws IOException {
    final Path text = program.resolveSibling(program.getFileName() + ".text");
    Files.writeString(text, "#!/bin/sh\n" + script);
    Files.setPosixFilePermissions(text, PosixFilePermissions.fromString("rwx------"));
    final Process copy =
        new ProcessBuilder("cp", text.toString(), program.toString()).inheritIO().start();
    assertThat(copy.onExit().join().exitValue()).isZero();
  }

  /** What asks for one. */
  public static CreateRequest.Builder request() {
    return CreateRequest.newBuilder()
        .setTool(TOOL)
        .setSize(TerminalSize.newBuilder().setRows(24).setColumns(80));
  }

  /** Starts one. */
  static Session start(TenantSessions tenant) {
    return start(tenant, request());
  }

  /** Starts one as it is asked for. */
  static Session start(TenantSessions tenant, CreateRequest.Builder request) {
    return tenant
        .create(
            request.setSize(TerminalSize.newBuilder().setRows(24).setColumns(80)).build(),
            "somebody",
            _ -> {})
        .session();
  }
}
