package dev.cleat.e2e;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;

/** What a test did, in figures: printed, and in a soak a line of JSON in a file. For one thread. */
final class Report {
  private final JsonObject figures = new JsonObject();
  private final long begin = System.nanoTime();

  private Report(String test) {
    figures.addProperty("test", test);
  }

  /** Begins one, and its clock. */
  static Report of(String test) {
    return new Report(test);
  }

  Report add(String name, Number value) {
    figures.addProperty(name, value);
    return this;
  }

  /** To be called when everything was found right. */
  void passed() throws IOException {
    add("seconds", Duration.ofNanos(System.nanoTime() - begin).toSeconds());
    String row = figures.entrySet().stream().map(Report::figure).collect(Collectors.joining(", "));
    System.out.println(row);
    String file = System.getProperty("cleat.report");
    if (file != null) {
      Files.writeString(
          Path.of(file), figures + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
  }

  private static String figure(Map.Entry<String, JsonElement> figure) {
    String value = figure.getValue().getAsString();
    return figure.getKey().equals("test") ? value : figure.getKey() + " " + value;
  }
}
