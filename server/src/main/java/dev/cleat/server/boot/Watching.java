package dev.cleat.server.boot;

import dev.cleat.server.telemetry.AuditLog;
import dev.cleat.server.telemetry.Tracing;
import java.io.IOException;

/** What is told of the server elsewhere, while it serves: traces, and who changed what. */
record Watching(Tracing tracing, AuditLog audit) implements AutoCloseable {

  /**
   * As it is configured.
   *
   * @throws StartupException if the audit log cannot be written
   */
  static Watching open(Config.Telemetry config) throws StartupException {
    final AuditLog audit =
        switch (config.audit()) {
          case AuditTarget.None() -> AuditLog.none();
          case AuditTarget.Log() -> AuditLog.intoTheLog();
          case AuditTarget.File file -> open(file, config.auditRequired());
        };
    return new Watching(
        config.collector() == null ? Tracing.off() : Tracing.to(config.collector()), audit);
  }

  private static AuditLog open(AuditTarget.File file, boolean required) throws StartupException {
    try {
      return AuditLog.file(file.path(), required);
    } catch (IOException e) {
      throw new StartupException(
          "the audit log %s cannot be written: %s; choose another with %s"
              .formatted(file.path(), e.getMessage(), ConfigKeys.AUDIT_FILE.flag()),
          e);
    }
  }

  @Override
  public void close() {
    tracing.close();
    audit.close();
  }
}
