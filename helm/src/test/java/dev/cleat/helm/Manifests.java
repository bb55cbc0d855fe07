package dev.cleat.helm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * Objects of Kubernetes.
 *
 * @param documents each of them
 */
public record Manifests(List<JsonNode> documents) {
  /** With the documents in their order. */
  public Manifests {
    documents = List.copyOf(documents);
  }

  /** The objects of a text with one document each. */
  static Manifests of(String text) {
    try (MappingIterator<JsonNode> documents =
        Yaml.MAPPER.readerFor(JsonNode.class).readValues(text)) {
      return new Manifests(
          documents.readAll().stream().filter(document -> !document.isNull()).toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Those of a kind. */
  public List<JsonNode> all(String kind) {
    return documents.stream()
        .filter(document -> document.at("/kind").asText().equals(kind))
        .toList();
  }

  /** The only one of a kind. */
  public JsonNode one(String kind) {
    return only(all(kind), kind);
  }

  /** The one of a kind and a name. */
  public JsonNode one(String kind, String name) {
    return only(
        all(kind).stream()
            .filter(document -> document.at("/metadata/name").asText().equals(name))
            .toList(),
        kind + " " + name);
  }

  private static JsonNode only(List<JsonNode> found, String what) {
    if (found.size() != 1) {
      throw new AssertionError("%d of %s".formatted(found.size(), what));
    }
    return found.getFirst();
  }
}
