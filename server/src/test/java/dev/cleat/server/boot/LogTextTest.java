package dev.cleat.server.boot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** The server's log as text, as it is configured for the server. */
@Isolated // It looks at the log, or the processes, of the whole JVM.
class LogTextTest {
  private static final String EVIL =
      "a\u001b]0;b\u0007\u009b31m\u007f\u202e\r\n2027-01-31T00:00:00.000Z INFO Forged - x";

  private static LoggerContext configured() throws Exception {
    final LoggerContext context = new LoggerContext();
    final JoranConfigurator configurator = new JoranConfigurator();
    configurator.setContext(context);
    configurator.doConfigure(Objects.requireNonNull(LogTextTest.class.getResource("/logback.xml")));
    return context;
  }

  private static String logged(String message, @Nullable Throwable cause) throws Exception {
    final LoggerContext context = configured();
    try {
      final Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
      final var appender = (OutputStreamAppender<ILoggingEvent>) root.getAppender("STDERR");
      final Object[] arguments = {EVIL};
      final Logger logger = context.getLogger("dev.cleat.Some");
      return new String(
          appender
              .getEncoder()
              .encode(new LoggingEvent("caller", logger, Level.WARN, message, cause, arguments)),
          UTF_8);
    } finally {
      context.stop();
    }
  }

  @Test
  void aLineIsItsTimeItsLevelAndWhoSaysIt() throws Exception {
    assertThat(logged("Something is odd", null))
        .matches("\\d{4}-\\d\\d-\\d\\dT[0-9:.]+\\S+ WARN  Some - Something is odd\n");
  }

  @Test
  void whatIsBroughtInDoesNothingToATerminalAndForgesNoLine() throws Exception {
    for (String text :
        List.of(
            logged("Session {} is odd", null),
            logged("Odd", new IOException(EVIL, new IllegalStateException(EVIL))))) {
      assertThat(text).contains("Forged").doesNotContainPattern("[\\p{Cc}\\x{202e}&&[^\n\t]]");
      assertThat(text.lines().skip(1)).isNotEmpty().allMatch(line -> line.startsWith("  "));
      assertThat(text).endsWith("\n").doesNotEndWith("\n\n");
    }
    assertThat(logged("Odd", new IOException(EVIL)))
        .containsOnlyOnce("java.io.IOException")
        .contains("at " + LogTextTest.class.getName());
  }

  @Test
  void auditRecordsAreWrittenWhateverTheLevelIs() throws Exception {
    final LoggerContext context = configured();
    try {
      context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).setLevel(Level.ERROR);

      assertThat(context.getLogger("dev.cleat.Some").isInfoEnabled()).isFalse();
      assertThat(context.getLogger("dev.cleat.audit").isInfoEnabled()).isTrue();
    } finally {
      context.stop();
    }
  }
}
