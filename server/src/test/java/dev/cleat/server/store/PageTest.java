package dev.cleat.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PageTest {
  private static final List<String> ALL = List.of("aaaa", "bb", "cc", "d");

  private static Page<String> page(int limit, long bytes) {
    return Page.of(ALL, limit, bytes, String::length);
  }

  @Test
  void aPageEndsAtItsBytesOrItsNumber() {
    assertThat(page(9, 9)).isEqualTo(new Page<>(ALL, false));
    assertThat(page(9, 8)).isEqualTo(new Page<>(List.of("aaaa", "bb", "cc"), true));
    assertThat(page(9, 7)).isEqualTo(new Page<>(List.of("aaaa", "bb"), true));
    assertThat(page(1, 9)).isEqualTo(new Page<>(List.of("aaaa"), true));
    assertThat(page(4, 9)).isEqualTo(new Page<>(ALL, false));
  }

  @Test
  void aPageHasOneAtLeast() {
    assertThat(page(9, 1)).isEqualTo(new Page<>(List.of("aaaa"), true));
    assertThat(Page.of(List.<String>of(), 9, 1, String::length))
        .isEqualTo(new Page<>(List.of(), false));
  }
}
