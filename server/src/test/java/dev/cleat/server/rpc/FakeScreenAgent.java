package dev.cleat.server.rpc;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/**
 * A full-screen agent on a terminal that does as its arguments and the prompts say, and writes down
 * in a file what it got: a line for each prompt, and for each key at a question.
 *
 * <p>Arguments are {@code name=value}: {@code log}; {@code deaf}, milliseconds before it reads;
 * {@code eats}, how many Enters it throws away; {@code keeps}, how many bytes of each read it
 * keeps, the last ones, and takes no bracketed pastes; {@code loses}, whether it throws away the
 * first character of what is pasted; {@code resumes} and {@code model}, which it writes down;
 * {@code keeps-none}, whether it writes no file of its session. That goes into a folder below
 * {@code $SESSIONS}, if there is one.
 */
final class FakeScreenAgent {
  private static final String PASTE = "\u001b[200~";
  private static final String PASTE_END = "\u001b[201~";
  private static final int ROWS = 24;

  private final Map<String, String> options = new HashMap<>();
  private final List<String> said = new ArrayList<>();
  private final InputStream in = System.in;
  private final boolean pastes;
  private String input = "";
  private int eats;
  private boolean kept;

  private FakeScreenAgent(String[] args) {
    for (String arg : args) {
      final int equals = arg.indexOf('=');
      options.put(arg.substring(0, equals), arg.substring(equals + 1));
    }
    pastes = !options.containsKey("keeps");
    eats = number("eats");
  }

  public static void main(String[] args) throws Exception {
    new ProcessBuilder("stty", "raw", "-echo").inheritIO().start().waitFor();
    new FakeScreenAgent(args).run();
  }

  private int number(String option) {
    return Integer.parseInt(options.getOrDefault(option, "0"));
  }

  private void run() throws Exception {
    for (String option : List.of("resumes", "model")) {
      if (options.containsKey(option)) {
        log(option.toUpperCase(Locale.ROOT) + " " + options.get(option));
      }
    }
    say("A fake agent");
    draw("> " + input);
    Thread.sleep(number("deaf"));
    while (true) {
      final String keys = read();
      if (keys.isEmpty()) {
        return;
      }
      take(keys);
      draw("> " + input);
    }
  }

  /** All that one read brings; empty at the end. */
  private String read() throws IOException {
    final byte[] buffer = new byte[65_536];
    final int count = in.read(buffer);
    if (count < 0) {
      return "";
    }
    final int keeps = pastes ? count : Math.min(number("keeps"), count);
    String keys = new String(Arrays.copyOfRange(buffer, count - keeps, count), UTF_8);
    while (keys.lastIndexOf(PASTE) > keys.lastIndexOf(PASTE_END)) {
      keys += new String(buffer, 0, Math.max(in.read(buffer), 0), UTF_8);
    }
    return keys;
  }

  private void take(String keys) throws Exception {
    for (int at = 0; at < keys.length(); ) {
      if (keys.startsWith(PASTE, at)) {
        final int end = keys.indexOf(PASTE_END, at);
        final int from = at + PASTE.length() + (options.containsKey("loses") ? 1 : 0);
        input += keys.substring(from, end).replace('\r', '\n');
        at = end + PASTE_END.length();
        continue;
      }
      final char key = keys.charAt(at++);
      switch (key) {
        case '\r' -> enter();
        case '\u007f' -> input = input.substring(0, Math.max(input.length() - 1, 0));
        case '\u0015' -> input = "";
        case '\n' -> input += "\n";
        case '\u001b' -> log("ESCAPE");
        // Typed to see whether it has read an Enter, which it did only now.
        case ' ' -> input += input.isEmpty() ? "" : " ";
        default -> input += key;
      }
    }
  }

  private void enter() throws Exception {
    if (eats > 0) {
      eats--;
      return;
    }
    if (input.isEmpty()) {
      log("EMPTY");
      return;
    }
    final String prompt = input;
    input = "";
    keepSession();
    log("PROMPT " + prompt.replace("\n", "\\n"));
    say("> " + prompt);
    answer(prompt);
  }

  /** Writes the file of a new session down with its first prompt. */
  private void keepSession() throws IOException {
    final String sessions = System.getenv("SESSIONS");
    if (sessions == null
        || kept
        || options.containsKey("resumes")
        || options.containsKey("keeps-none")) {
      return;
    }
    kept = true;
    final String id = UUID.randomUUID().toString();
    Files.writeString(
        Path.of(sessions, "2026", "run-" + id + ".jsonl"),
        "{\"of\": {\"id\": \"%s\"}, \"cwd\": \"%s\"}\n"
            .formatted(id, Path.of("").toAbsolutePath()));
  }

  private void answer(String prompt) throws Exception {
    final String[] words = prompt.split(" ", -1);
    switch (words[0]) {
      case "quiet" -> {
        say("The beginning,");
        draw("");
        Thread.sleep(Integer.parseInt(words[1]));
        say("and the end.");
      }
      case "spin" -> {
        for (int i = 0; !interrupted(); i++) {
          draw("* Working (" + i + "s)\n> ");
          Thread.sleep(50);
        }
        say("Interrupted");
      }
      case "still" -> {
        draw("* Working (0s)\n> ");
        while (!interrupted()) {
          Thread.sleep(50);
        }
      }
      case "hold" -> {
        for (int i = 1; i < words.length; i++) {
          draw("* Working (" + (i - 1) + "s)\n> ");
          while (!Files.exists(Path.of(words[i]))) {
            Thread.sleep(20);
          }
        }
        say("Held");
      }
      case "ask" -> {
        final String key = question("May I do it?\n 1. Yes, do it\n 2. No");
        say(key.equals("1") ? "It is done." : "It is not done.");
      }
      case "trap" -> {
        final String key = question("Shall all be deleted? Enter: yes");
        if (key.equals("\r")) {
          Files.delete(Path.of(words[1]));
        }
      }
      case "fail" -> say("! sorry: it failed");
      default -> {
        for (int i = 0; i < 5; i++) {
          draw("* Working (" + i + "s)\n> ");
          Thread.sleep(50);
        }
        say("Answer to " + prompt.length() + ": " + prompt.lines().findFirst().orElse(""));
      }
    }
  }

  private String question(String text) throws IOException {
    draw(text);
    String key = read();
    while (key.equals(" ")) {
      key = read();
    }
    log("KEY " + (key.equals("\r") ? "ENTER" : key.equals("\u001b") ? "ESCAPE" : key));
    return key;
  }

  private boolean interrupted() throws IOException {
    return in.available() > 0 && read().contains("\u001b");
  }

  private void say(String text) {
    said.addAll(text.lines().toList());
  }

  private void log(String line) throws IOException {
    Files.writeString(
        Path.of(options.get("log")),
        line + "\n",
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  /** Draws all anew: the end of what was said, and below it this. */
  private void draw(String below) {
    final StringBuilder all = new StringBuilder();
    final List<String> lines = new ArrayList<>(said);
    lines.add("");
    lines.addAll(below.lines().toList());
    final int first = Math.max(0, lines.size() - ROWS);
    all.append(pastes ? "\u001b[?2004h" : "").append("\u001b[H\u001b[2J");
    all.append(String.join("\r\n", lines.subList(first, lines.size())));
    System.out.print(all);
    System.out.flush();
  }
}
