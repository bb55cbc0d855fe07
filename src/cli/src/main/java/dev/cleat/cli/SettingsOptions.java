package dev.cleat.cli;

import dev.cleat.client.NewSession;
import dev.cleat.client.SessionSettings;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Settings that a new session may be given, and that may be changed later. */
final class SettingsOptions {
  @Option(names = "--model", paramLabel = "MODEL", description = "The model, for tools with one.")
  private @Nullable String model;

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      description = "The mode of the agent, such as plan; cleat info lists those it has.")
  private @Nullable String mode;

  @Option(
      names = "--role",
      paramLabel = "ROLE",
      description = "What the agent is told that it is, for tools that can be told.")
  private @Nullable String role;

  @Option(names = "--workspace", paramLabel = "NAME", description = "The workspace to group it in.")
  private @Nullable String workspace;

  @Option(
      names = "--idle-timeout",
      paramLabel = "DURATION",
      converter = Durations.class,
      description = "Close it after this long without output, turn or client; 0s: never.")
  private @Nullable Duration idleTimeout;

  @Option(
      names = "--lifetime",
      paramLabel = "DURATION",
      converter = Durations.class,
      description = "Close it this long after its start; 0s: never.")
  private @Nullable Duration lifetime;

  void apply(NewSession wanted) {
    if (workspace != null) {
      wanted.workspace(workspace);
    }
    if (idleTimeout != null) {
      wanted.idleTimeout(idleTimeout);
    }
    if (lifetime != null) {
      wanted.lifetime(lifetime);
    }
    if (mode != null) {
      wanted.agentMode(mode);
    }
    if (model != null) {
      wanted.model(model);
    }
    if (role != null) {
      wanted.role(role);
    }
  }

  /** Whether there was one. */
  boolean apply(SessionSettings changes) {
    if (model != null) {
      changes.model(model);
    }
    if (mode != null) {
      changes.agentMode(mode);
    }
    if (role != null) {
      changes.role(role);
    }
    if (workspace != null) {
      changes.workspace(workspace);
    }
    if (idleTimeout != null) {
      changes.idleTimeout(idleTimeout);
    }
    if (lifetime != null) {
      changes.lifetime(lifetime);
    }
    return model != null
        || mode != null
        || role != null
        || workspace != null
        || idleTimeout != null
        || lifetime != null;
  }
}
