package dev.cleat.server.tool.agent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * The models that an agent offers. There are two forms: a configuration option about the model, and
 * the older list with a method of its own. An agent may have both, with different names in them.
 */
final class AcpModels {
  /** A request that changes the model. */
  record Change(String method, ObjectNode params) {}

  private String option = "";
  private JsonNode optionValues = AcpJson.object();
  private String optionCurrent = "";
  private boolean hasList;
  private JsonNode list = AcpJson.object();
  private String listCurrent = "";

  /** Takes what a session, a change of an option, or an update says. */
  void read(JsonNode said) {
    for (JsonNode each : said.path("configOptions")) {
      boolean model =
          AcpJson.text(each, "category").equals("model")
              || AcpJson.text(each, "id").equals("model");
      if (model) {
        option = AcpJson.text(each, "id");
        optionValues = each.path("options");
        optionCurrent = AcpJson.text(each, "currentValue");
      }
    }
    JsonNode models = said.path("models");
    if (models.path("availableModels").isArray()) {
      hasList = true;
      list = models.path("availableModels");
      listCurrent = AcpJson.text(models, "currentModelId");
    }
  }

  boolean isCurrent(String model) {
    return model.equals(optionCurrent) || model.equals(listCurrent);
  }

  /** How the model is changed; null when the agent offers no change. */
  @Nullable Change change(String sessionId, String model) {
    // A name that is in neither goes to the option: an agent may know more names than it lists.
    boolean byOption = has(optionValues, "value", model) || !has(list, "modelId", model);
    ObjectNode params = AcpJson.object().put("sessionId", sessionId);
    if (!option.isEmpty() && byOption) {
      return new Change(
          "session/set_config_option", params.put("configId", option).put("value", model));
    }
    return hasList ? new Change("session/set_model", params.put("modelId", model)) : null;
  }

  /** The agent took a change. */
  void changed(Change change, JsonNode answer) {
    // The other form's name is not known any more, unless the answer says it.
    listCurrent = AcpJson.text(change.params(), "modelId");
    optionCurrent = AcpJson.text(change.params(), "value");
    read(answer);
  }

  private static boolean has(JsonNode values, String field, String name) {
    for (JsonNode each : values) {
      if (AcpJson.text(each, field).equals(name) || has(each.path("options"), field, name)) {
        return true;
      }
    }
    return false;
  }
}
