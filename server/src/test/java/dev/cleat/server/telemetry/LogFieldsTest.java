package dev.cleat.server.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

class LogFieldsTest {
  private static Map<String, String> fields() {
    final @Nullable Map<String, String> fields = MDC.getCopyOfContextMap();
    return fields == null ? Map.of() : new HashMap<>(fields);
  }

  /** What another test has left on this thread, too. */
  @BeforeEach
  @AfterEach
  void clear() {
    LogFields.clear();
  }

  @Test
  void aScopeEndsWithWhatWasThereBeforeIt() {
    try (LogFields.Scope _ = LogFields.about("acme", "a")) {
      assertThat(fields()).isEqualTo(Map.of("tenant", "acme", "session", "a"));
      try (LogFields.Scope _ = LogFields.about("acme", "b", "t", Tracing.off())) {
        assertThat(fields()).isEqualTo(Map.of("tenant", "acme", "session", "b", "turn", "t"));
      }
      assertThat(fields()).isEqualTo(Map.of("tenant", "acme", "session", "a"));
    }
    assertThat(fields()).isEmpty();
  }

  @Test
  void aTurnIsOfItsOwnSessionOnly() {
    LogFields.call("acme", "a", "t");
    LogFields.session("acme", "a");
    assertThat(fields()).containsEntry("turn", "t");
    LogFields.session("acme", "b");
    assertThat(fields()).isEqualTo(Map.of("tenant", "acme", "session", "b"));
    LogFields.call("acme", "a", "t");
    LogFields.session("build", "a");
    assertThat(fields()).isEqualTo(Map.of("tenant", "build", "session", "a"));
  }

  @Test
  void carriedWorkHasTheFieldsAndItsThreadKeepsNone() throws Exception {
    try (ExecutorService one = Executors.newSingleThreadExecutor()) {
      final Map<String, String> seen = new HashMap<>();
      final Runnable work;
      try (LogFields.Scope _ = LogFields.about("acme", "a", "t", Tracing.off())) {
        work = LogFields.carried(() -> seen.putAll(fields()));
      }
      one.submit(work).get();
      assertThat(seen).isEqualTo(Map.of("tenant", "acme", "session", "a", "turn", "t"));
      assertThat(one.submit(LogFieldsTest::fields).get()).isEmpty();
      // What is about nothing is about nothing there, too.
      one.submit(() -> LogFields.session("build", "b")).get();
      seen.put("untouched", "");
      one.submit(
              LogFields.carried(() -> {
                seen.clear();
                seen.putAll(fields());
              }))
          .get();
      assertThat(seen).isEmpty();
    }
  }

  @Test
  void aSubjectIsATenantAndASessionWhateverTheThread() {
    final LogFields.Subject subject;
    try (LogFields.Scope _ = LogFields.about("acme", "a", "t", Tracing.off())) {
      subject = LogFields.subject();
    }
    LogFields.call("build", "b", "u");
    try (LogFields.Scope _ = subject.logged()) {
      assertThat(fields()).isEqualTo(Map.of("tenant", "acme", "session", "a"));
    }
    assertThat(fields()).isEqualTo(Map.of("tenant", "build", "session", "b", "turn", "u"));
    try (LogFields.Scope _ = LogFields.about("acme")) {
      assertThat(fields()).isEqualTo(Map.of("tenant", "acme"));
    }
  }
}
