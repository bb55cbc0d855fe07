package dev.cleat.client;

import dev.cleat.v1.AgentModes;
import java.util.List;

/**
 * A mode that an agent offers, such as one in which it only plans. Immutable.
 *
 * @param id its name, for {@link SessionSettings#agentMode}
 * @param name what it is called, for a person
 * @param description what it means, for a person; often empty
 */
public record AgentMode(String id, String name, String description) {
  static List<AgentMode> of(AgentModes raw) {
    return raw.getAvailableList().stream().map(AgentMode::of).toList();
  }

  private static AgentMode of(dev.cleat.v1.AgentMode raw) {
    return new AgentMode(raw.getId(), raw.getName(), raw.getDescription());
  }
}
