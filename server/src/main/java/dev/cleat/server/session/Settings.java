package dev.cleat.server.session;

import dev.cleat.v1.Session;
import dev.cleat.v1.SessionOrBuilder;
import java.util.Set;

/** The fields of a session that Update may set. */
public final class Settings {
  /** Their names in the contract. */
  public static final Set<String> FIELDS =
      Set.of(
          "name",
          "labels",
          "metadata",
          "model",
          "agent_mode",
          "role",
          "workspace",
          "idle_timeout",
          "lifetime",
          "resize_policy",
          "retention",
          "revive",
          "approvals");

  private Settings() {}

  /** Copies all of them. */
  static void copy(SessionOrBuilder from, Session.Builder to) {
    FIELDS.forEach(field -> copy(field, from, to));
  }

  /** Copies one of them; what is unset there is cleared here. */
  static void copy(String field, SessionOrBuilder from, Session.Builder to) {
    switch (field) {
      case "name" -> to.setName(from.getName());
      case "labels" -> to.clearLabels().putAllLabels(from.getLabelsMap());
      case "metadata" -> {
        if (from.hasMetadata()) {
          to.setMetadata(from.getMetadata());
        } else {
          to.clearMetadata();
        }
      }
      case "model" -> to.setModel(from.getModel());
      case "agent_mode" -> to.setAgentMode(from.getAgentMode());
      case "role" -> to.setRole(from.getRole());
      case "workspace" -> to.setWorkspace(from.getWorkspace());
      case "idle_timeout" -> {
        if (from.hasIdleTimeout()) {
          to.setIdleTimeout(from.getIdleTimeout());
        } else {
          to.clearIdleTimeout();
        }
      }
      case "lifetime" -> {
        if (from.hasLifetime()) {
          to.setLifetime(from.getLifetime());
        } else {
          to.clearLifetime();
        }
      }
      case "resize_policy" -> to.setResizePolicy(from.getResizePolicy());
      case "retention" -> {
        if (from.hasRetention()) {
          to.setRetention(from.getRetention());
        } else {
          to.clearRetention();
        }
      }
      case "revive" -> to.setRevive(from.getRevive());
      case "approvals" -> {
        if (from.hasApprovals()) {
          to.setApprovals(from.getApprovals());
        } else {
          to.clearApprovals();
        }
      }
      default -> throw new IllegalArgumentException(field);
    }
  }
}
