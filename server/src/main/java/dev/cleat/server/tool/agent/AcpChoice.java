package dev.cleat.server.tool.agent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something of an agent that its user chooses: its model, or its mode. There are two forms: a
 * configuration option, and the older list with a method of its own. An agent may have both, and of
 * models with different names in them.
 */
final class AcpChoice {
  /** A request that changes it. */
  record Change(String method, ObjectNode params) {}

  /** One of those that there are. */
  record Offer(String id, String name, String description) {}

  /**
   * What the protocol calls it.
   *
   * @param option the id or the category of the option
   * @param state the field with the list, and in it {@code list} and {@code current}
   * @param id the field of one in the list that names it
   * @param param the parameter of {@code method} that names the new one
   */
  private record Words(
      String option,
      String state,
      String list,
      String id,
      String current,
      String method,
      String param) {}

  private static final Words MODEL =
      new Words(
          "model",
          "models",
          "availableModels",
          "modelId",
          "currentModelId",
          "session/set_model",
          "modelId");
  private static final Words MODE =
      new Words(
          "mode", "modes", "availableModes", "id", "currentModeId", "session/set_mode", "modeId");

  private final Words words;
  private String option = "";
  private JsonNode optionValues = AcpJson.object();
  private String optionCurrent = "";
  private boolean hasList;
  private JsonNode list = AcpJson.object();
  private String listCurrent = "";

  private AcpChoice(Words words) {
    this.words = words;
  }

  static AcpChoice ofModel() {
    return new AcpChoice(MODEL);
  }

  static AcpChoice ofMode() {
    return new AcpChoice(MODE);
  }

  /** Takes what a session, a change of an option, or an update says. */
  void read(JsonNode said) {
    for (JsonNode each : said.path("configOptions")) {
      if (AcpJson.text(each, "category").equals(words.option())
          || AcpJson.text(each, "id").equals(words.option())) {
        option = AcpJson.text(each, "id");
        optionValues = each.path("options").isArray() ? each.path("options") : optionValues;
        optionCurrent = AcpJson.text(each, "currentValue");
        // An agent need not say it in both forms.
        listCurrent = has(list, words.id(), optionCurrent) ? optionCurrent : listCurrent;
      }
    }
    JsonNode state = said.path(words.state());
    if (state.path(words.list()).isArray()) {
      hasList = true;
      list = state.path(words.list());
      listCurrent = AcpJson.text(state, words.current());
    }
  }

  /** The agent says that it is another one now, in the form of the list. */
  void became(String id) {
    listCurrent = id;
    optionCurrent = has(optionValues, "value", listCurrent) ? listCurrent : "";
  }

  /** The one that it is now; empty when that is not known. */
  String current() {
    return optionCurrent.isEmpty() ? listCurrent : optionCurrent;
  }

  boolean isCurrent(String id) {
    return id.equals(optionCurrent) || id.equals(listCurrent);
  }

  /** Those that there are, as the agent lists them. */
  List<Offer> offers() {
    List<Offer> offers = new ArrayList<>();
    if (hasList) {
      add(list, words.id(), offers);
    } else {
      add(optionValues, "value", offers);
    }
    return offers;
  }

  private static void add(JsonNode values, String field, List<Offer> offers) {
    for (JsonNode each : values) {
      String id = AcpJson.text(each, field);
      if (!id.isEmpty()) {
        offers.add(new Offer(id, AcpJson.text(each, "name"), AcpJson.text(each, "description")));
      }
      add(each.path("options"), field, offers);
    }
  }

  /** Whether it is one of those that the agent lists. */
  boolean offers(String id) {
    return has(optionValues, "value", id) || has(list, words.id(), id);
  }

  /** How it is changed; null when the agent offers no change. */
  @Nullable Change change(String sessionId, String id) {
    // A name that is in neither goes to the option: an agent may know more names than it lists.
    boolean byOption = has(optionValues, "value", id) || !has(list, words.id(), id);
    ObjectNode params = AcpJson.object().put("sessionId", sessionId);
    if (!option.isEmpty() && byOption) {
      return new Change(
          "session/set_config_option", params.put("configId", option).put("value", id));
    }
    return hasList ? new Change(words.method(), params.put(words.param(), id)) : null;
  }

  /** The agent took a change; its answer is read after this. */
  void changed(Change change) {
    // The other form's name is not known any more, unless the answer says it.
    listCurrent = AcpJson.text(change.params(), words.param());
    optionCurrent = AcpJson.text(change.params(), "value");
  }

  private static boolean has(JsonNode values, String field, String name) {
    if (name.isEmpty()) {
      // A group of values has none of its own.
      return false;
    }
    for (JsonNode each : values) {
      if (AcpJson.text(each, field).equals(name) || has(each.path("options"), field, name)) {
        return true;
      }
    }
    return false;
  }
}
