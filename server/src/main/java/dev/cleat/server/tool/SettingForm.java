package dev.cleat.server.tool;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;

/**
 * How a tool is told one thing that a session sets, such as its endpoint.
 *
 * @param placeholder what stands for the value in documents and words, with its braces
 * @param variables those that carry the value and nothing else
 * @param documents variables that carry a JSON object with the value in its texts
 * @param args words put behind the program; of the tool's own program, not of the one that speaks
 *     ACP for it
 */
public record SettingForm(
    String placeholder,
    List<String> variables,
    Map<String, ObjectNode> documents,
    List<String> args) {
  public SettingForm {
    variables = List.copyOf(variables);
    documents = Map.copyOf(documents);
    args = List.copyOf(args);
  }
}
