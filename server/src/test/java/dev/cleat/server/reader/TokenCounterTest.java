package dev.cleat.server.reader;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Tokens of texts that come in pieces. */
class TokenCounterTest {

  @Test
  void knownTextsHaveTheirKnownCounts() {
    assertThat(TokenCounter.count("")).isZero();
    assertThat(TokenCounter.count("hello world")).isEqualTo(2);
    assertThat(TokenCounter.count("tiktoken is great!")).isEqualTo(6);
    // What would end a text is text here, and no token of its own.
    assertThat(TokenCounter.count("<|endoftext|>")).isGreaterThan(1);
  }

  @Test
  void piecesCountAsTheWhole() {
    TokenCounter counter = new TokenCounter();
    String text = "Several words on a line,\nand then some more of them.\n".repeat(50);
    text.chars().forEach(c -> counter.add(String.valueOf((char) c)));

    assertThat(counter.tokens()).isEqualTo(TokenCounter.count(text));
  }

  @Test
  void longTextsAreCountedAsTheyCome() {
    String line = "A line of a text that is much longer than what is held.\n";
    long one = TokenCounter.count(line);
    int lines = 5 * TokenCounter.MOST_HELD / line.length();
    TokenCounter counter = new TokenCounter();
    counter.add(line.repeat(lines));

    assertThat(counter.tokens()).isEqualTo(one * lines);

    counter.add("x".repeat(3 * TokenCounter.MOST_HELD));
    assertThat(counter.tokens()).isGreaterThan(one * lines);
  }
}
