package dev.cleat.client;

import java.time.Instant;

/**
 * A media file that a session's tool has named, as it was when it was last looked at. Immutable.
 *
 * @param raw everything there is about it, as the contract has it; the other methods read from it
 */
public record Artifact(dev.cleat.v1.Artifact raw) {

  /** The identifier, unique in its session. */
  public String id() {
    return raw.getId();
  }

  /** Its path: relative to the session's working directory, or absolute where it lies elsewhere. */
  public String path() {
    return raw.getPath();
  }

  /** The last part of its path. */
  public String name() {
    return raw.getName();
  }

  /** Its type, as its first bytes show it, such as {@code image/png}. */
  public String mimeType() {
    return raw.getMimeType();
  }

  /** Its size in bytes. */
  public long size() {
    return raw.getSizeBytes();
  }

  /** When its path was first seen. */
  public Instant created() {
    return Times.of(raw.getCreateTime());
  }

  /** When the file was last changed. */
  public Instant modified() {
    return Times.of(raw.getModifyTime());
  }

  /** The turn that was under way when its path was first seen; empty when none was. */
  public String turnId() {
    return raw.getTurnId();
  }

  @Override
  public String toString() {
    return "Artifact[id="
        + id()
        + ", path="
        + path()
        + ", mimeType="
        + mimeType()
        + ", size="
        + size()
        + "]";
  }
}
