package dev.cleat.server.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class OutageTest {
  private final Logger log = (Logger) LoggerFactory.getLogger(OutageTest.class);
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final Outage outage = new Outage(log, "Saving");

  @BeforeEach
  void listen() {
    log.setLevel(Level.INFO);
    log.setAdditive(false);
    lines.start();
    log.addAppender(lines);
  }

  @AfterEach
  void stopListening() {
    log.detachAppender(lines);
    log.setAdditive(true);
    log.setLevel(null);
  }

  private List<String> said() {
    final List<String> said =
        lines.list.stream()
            .map(line -> line.getLevel() + " " + line.getFormattedMessage())
            .toList();
    lines.list.clear();
    return said;
  }

  @Test
  void isToldOnceAndSoIsItsEnd() {
    outage.over();
    assertThat(said()).isEmpty();

    for (int i = 0; i < 3; i++) {
      outage.failed(new IOException("the disk is full"));
    }
    assertThat(said())
        .containsExactly("WARN Saving fails, which is said only once: the disk is full");

    outage.over();
    outage.over();
    assertThat(said()).containsExactly("INFO Saving works again, after 3 failed attempts");

    outage.failed(new IOException("the disk is full"));
    assertThat(said()).as("another one").hasSize(1);
  }

  @Test
  void anotherReasonIsToldToo() {
    outage.failed(new IOException("the disk is full"));
    outage.failed(new IOException("it may not be written"));
    outage.failed(new IOException("it may not be written"));
    assertThat(said()).hasSize(2).last().asString().endsWith(": it may not be written");
  }

  @Test
  void aDefectIsToldWithItsStack() {
    final IllegalStateException defect = new IllegalStateException("no page");
    outage.broke(defect);
    assertThat(lines.list)
        .singleElement()
        .satisfies(line -> {
          assertThat(line.getLevel()).isEqualTo(Level.ERROR);
          assertThat(line.getFormattedMessage()).endsWith(": " + defect);
          assertThat(line.getThrowableProxy().getMessage()).isEqualTo("no page");
        });
  }
}
