package dev.cleat.server.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;

/**
 * What a root takes from the machine it runs on; tests bring their own.
 *
 * @param disk writes and syncs
 * @param clock tells the age of events
 * @param bootId names the boot of the machine, empty when it cannot be told
 */
record Machine(Disk disk, InstantSource clock, String bootId) {
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  /** This one. */
  static Machine local() throws IOException {
    String bootId = Files.isReadable(BOOT_ID) ? Files.readString(BOOT_ID).strip() : "";
    return new Machine(new LocalDisk(), InstantSource.system(), bootId);
  }
}
