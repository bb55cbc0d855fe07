package dev.cleat.server.tool.agent;

import static dev.cleat.v1.Event.KindCase.AGENT_ERROR;
import static dev.cleat.v1.Event.KindCase.AGENT_MESSAGE;
import static dev.cleat.v1.Event.KindCase.AGENT_TEXT;
import static dev.cleat.v1.Event.KindCase.AGENT_THOUGHT;
import static dev.cleat.v1.Event.KindCase.TOOL_CALL;
import static dev.cleat.v1.Event.KindCase.TOOL_RESULT;
import static dev.cleat.v1.Event.KindCase.USAGE_REPORTED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.v1.Event;
import dev.cleat.v1.Event.KindCase;
import dev.cleat.v1.TurnEndReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

/** What is the same for all forms that are JSON. */
@Order(11)
class JsonOutputTest {
  /** The reader for a sample, which begins with the name of its form; calls have the same names. */
  private static Function<AgentListener, TurnOutput> reader(String sample) {
    OutputForm form =
        OutputForm.valueOf(sample.substring(0, sample.indexOf('-')).toUpperCase(Locale.ROOT));
    return listener -> {
      Teller teller = new Teller(listener);
      return form == OutputForm.CODEX
          ? new JsonOutput(new CodexDialect(teller, ""), teller)
          : form.reader(listener, null);
    };
  }

  private static Heard hear(OutputForm form, byte[] bytes) {
    return Heard.of(listener -> form.reader(listener, null), bytes);
  }

  private static Heard hear(OutputForm form, String text) {
    return hear(form, text.getBytes(UTF_8));
  }

  private static byte[] sample(OutputForm form, String story) {
    return Heard.sample(form.name().toLowerCase(Locale.ROOT) + "-" + story);
  }

  /** Without what Codex says of its set-up. */
  private static List<KindCase> story(Heard heard) {
    List<KindCase> kinds = new ArrayList<>();
    for (Event event : heard.events()) {
      if (event.getAgentError().getMessage().startsWith("Model metadata")) {
        continue;
      }
      kinds.add(event.getKindCase());
    }
    return kinds;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "claude-text",
        "claude-tool",
        "claude-partial",
        "claude-error",
        "codex-text",
        "codex-tool",
        "codex-patch",
        "codex-error",
        "opencode-text",
        "opencode-tool",
        "opencode-denied",
        "opencode-error",
        "gemini-text",
        "gemini-tool",
        "gemini-error"
      })
  void cutAnywhereSaysTheSame(String name) {
    byte[] bytes = Heard.sample(name);
    Heard whole = Heard.of(reader(name), bytes);
    for (int cut = 0; cut <= bytes.length; cut++) {
      assertThat(Heard.of(reader(name), bytes, cut)).as("cut at %d", cut).isEqualTo(whole);
    }
    int[] everywhere = new int[bytes.length];
    for (int i = 0; i < everywhere.length; i++) {
      everywhere[i] = i;
    }
    assertThat(Heard.of(reader(name), bytes, everywhere)).isEqualTo(whole);
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "PLAIN")
  void sameStoryHasTheSameKindsInTheSameOrder(OutputForm form) {
    Heard text = hear(form, sample(form, "text"));
    assertThat(story(text)).containsExactly(AGENT_TEXT, USAGE_REPORTED);
    assertThat(text.text()).isEqualTo("Hello, grüße 👋 from the model.");
    assertThat(text.tokens()).hasSize(1);
    assertThat(text.outcome()).isEqualTo(Outcome.SUCCEEDED);

    Heard tool = hear(form, sample(form, "tool"));
    assertThat(story(tool))
        .containsExactly(AGENT_TEXT, TOOL_CALL, TOOL_RESULT, AGENT_TEXT, USAGE_REPORTED);
    assertThat(tool.text()).isEqualTo("I will write the file.The file is written.");
    assertThat(tool.only(TOOL_CALL).getToolCall().getTitle()).contains("echo hi > file");
    assertThat(tool.only(TOOL_CALL).getToolCall().getInputJson()).contains("echo hi > file");
    assertThat(tool.only(TOOL_RESULT).getToolResult().getCallId())
        .isEqualTo(tool.only(TOOL_CALL).getToolCall().getCallId())
        .isNotEmpty();
    assertThat(tool.only(TOOL_RESULT).getToolResult().getFailed()).isFalse();
    assertThat(tool.outcome()).isEqualTo(Outcome.SUCCEEDED);
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "PLAIN")
  void modelThatRefusesIsOneErrorAndTheOutcome(OutputForm form) {
    Heard heard = hear(form, sample(form, "error"));
    assertThat(story(heard)).containsExactly(AGENT_ERROR);
    assertThat(heard.outcome().reason()).isEqualTo(TurnEndReason.TURN_END_REASON_AGENT_ERROR);
    assertThat(heard.outcome().message()).contains("The scripted model refuses");
    assertThat(heard.events().getLast().getAgentError().getMessage())
        .isEqualTo(heard.outcome().message());
  }

  @ParameterizedTest
  @CsvSource({"codex-failed-call,oops", "opencode-failed-call,oops", "claude-denied,blocked"})
  void callThatFailedIsMarkedAndTheTurnGoesOn(String name, String result) {
    Heard heard = Heard.of(reader(name), Heard.sample(name));
    assertThat(heard.only(TOOL_RESULT).getToolResult().getFailed()).isTrue();
    assertThat(heard.only(TOOL_RESULT).getToolResult().getText()).contains(result);
    assertThat(heard.outcome()).isEqualTo(Outcome.SUCCEEDED);
  }

  @ParameterizedTest
  @CsvSource({"codex-failed-call", "opencode-failed-call", "claude-partial"})
  void thoughtComesBeforeText(String name) {
    Heard heard = Heard.of(reader(name), Heard.sample(name));
    assertThat(heard.only(AGENT_THOUGHT).getAgentThought().getText()).isEqualTo("Let me think.");
    assertThat(heard.kinds().indexOf(AGENT_THOUGHT)).isLessThan(heard.kinds().indexOf(AGENT_TEXT));
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "PLAIN")
  void outputThatEndsEarlyIsAnError(OutputForm form) {
    byte[] bytes = sample(form, "tool");
    int lastLine = new String(bytes, UTF_8).strip().lastIndexOf('\n');
    Heard heard = hear(form, new String(bytes, UTF_8).substring(0, lastLine + 20));
    assertThat(heard.outcome())
        .isEqualTo(
            new Outcome(
                TurnEndReason.TURN_END_REASON_AGENT_ERROR,
                "the agent's output ended before it said how the turn went"));
    assertThat(heard.text()).endsWith("The file is written.");
    assertThat(hear(form, "").outcome()).isEqualTo(Dialect.CUT_SHORT);
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "PLAIN")
  void unknownObjectsAreKeptAsTheyCame(OutputForm form) {
    String unknown = "{ \"type\":\"news\", \"number\": 1.50 }";
    String known = new String(sample(form, "text"), UTF_8);
    Heard heard = hear(form, unknown + "\r\n{\"type\":7}\n{}\n" + known);
    assertThat(heard.of(AGENT_MESSAGE))
        .extracting(event -> event.getAgentMessage().getJson())
        .containsExactly(unknown, "{\"type\":7}", "{}");
    assertThat(heard.events().getFirst().getAgentMessage().getProtocol())
        .isEqualTo(form.name().toLowerCase(Locale.ROOT));
    assertThat(heard.outcome()).isEqualTo(Outcome.SUCCEEDED);
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "PLAIN")
  void linesThatAreNoObjectsSayNothing(OutputForm form) {
    String known = new String(sample(form, "text"), UTF_8);
    String noise = "WARNING: {…}\n\n[1]\nnull\n{\"type\":\"text\",\n{broken}\n\u001b[0m{}\n";
    Heard heard = hear(form, noise + known + noise);
    assertThat(heard.kinds()).isEqualTo(hear(form, known).kinds());
    assertThat(heard.outcome()).isEqualTo(Outcome.SUCCEEDED);
  }

  @Test
  void unknownObjectOfMoreThan64KibIsKeptWithoutItsText() {
    String fits = "{\"type\":\"" + "x".repeat(64 * 1024 - 11) + "\"}";
    String tooLong = "{\"type\":\"" + "x".repeat(64 * 1024 - 10) + "\"}";
    Heard heard = hear(OutputForm.CODEX, fits + "\n" + tooLong + "\n");
    assertThat(heard.of(AGENT_MESSAGE))
        .extracting(event -> event.getAgentMessage().getJson())
        .containsExactly(fits, "");
  }

  @Test
  void lineOfMoreThan32MibIsLeftOutAndReportedOnce() {
    byte[] part = "x".repeat(1024 * 1024).getBytes(UTF_8);
    Heard heard =
        Heard.of(
            listener -> {
              TurnOutput output = OutputForm.OPENCODE.reader(listener, null);
              for (int line = 0; line < 2; line++) {
                for (int i = 0; i < 33; i++) {
                  output.feed(part, 0, part.length);
                }
                output.feed(new byte[] {'\n'}, 0, 1);
              }
              return output;
            },
            sample(OutputForm.OPENCODE, "text"));
    assertThat(heard.kinds()).containsExactly(AGENT_ERROR, AGENT_TEXT, USAGE_REPORTED);
    assertThat(heard.outcome()).isEqualTo(Outcome.SUCCEEDED);
  }

  @Test
  void longTextComesInPiecesOfWholeCharacters() {
    String text = "👋".repeat(40_000);
    Heard heard =
        hear(
            OutputForm.CODEX,
            "{\"type\":\"item.completed\",\"item\":{\"type\":\"agent_message\",\"text\":\""
                + text
                + "\"}}");
    assertThat(heard.kinds()).hasSize(3).containsOnly(AGENT_TEXT);
    assertThat(heard.text()).isEqualTo(text);
    assertThat(heard.events())
        .allSatisfy(event ->
            assertThat(event.getAgentText().getText().getBytes(UTF_8))
                .hasSizeLessThanOrEqualTo(64 * 1024));
  }

  @Test
  void longInputIsLeftOutAndALongResultCutOff() {
    String much = "ü".repeat(40_000);
    Heard heard =
        hear(
            OutputForm.CODEX,
            "{\"type\":\"item.completed\",\"item\":{\"id\":\"item_1\",\"type\":"
                + "\"command_execution\",\"command\":\"echo "
                + much
                + "\",\"aggregated_output\":\""
                + much
                + "\",\"exit_code\":0,\"status\":\"completed\"}}");
    assertThat(heard.only(TOOL_CALL).getToolCall().getInputJson()).isEmpty();
    assertThat(heard.only(TOOL_CALL).getToolCall().getTitle()).hasSize(200).endsWith("ü…");
    assertThat(heard.only(TOOL_RESULT).getToolResult().getText()).isEqualTo("ü".repeat(32 * 1024));
  }
}
