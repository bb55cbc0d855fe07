package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.cleat.server.session.Refusal;
import dev.cleat.v1.ListRequest;
import dev.cleat.v1.SessionFilter;
import org.junit.jupiter.api.Test;

class PageTokensTest {
  private static final PageTokens.Place PLACE = new PageTokens.Place(7, "id");

  private final PageTokens tokens = new PageTokens("default");

  private static ListRequest.Builder label(String key, String value) {
    return ListRequest.newBuilder().setFilter(SessionFilter.newBuilder().putLabels(key, value));
  }

  /** What a client sends that does so in this order. */
  private static ListRequest sent(ListRequest.Builder first, ListRequest.Builder second)
      throws Exception {
    final ByteString both = first.build().toByteString().concat(second.build().toByteString());
    return ListRequest.parseFrom(both);
  }

  @Test
  void aQueryIsTheSameInWhateverOrderItsLabelsCome() throws Exception {
    final ListRequest query = sent(label("a", "1"), label("b", "2"));
    final ListRequest again = sent(label("b", "2"), label("a", "1"));
    assertThat(again).isEqualTo(query);
    assertThat(again.toByteString()).as("or this shows nothing").isNotEqualTo(query.toByteString());

    final String token = tokens.of("List", query, PLACE);

    assertThat(tokens.place("List", again, token)).isEqualTo(PLACE);
  }

  @Test
  void anotherQueryHasOtherTokens() throws Exception {
    final String token = tokens.of("List", sent(label("a", "1"), label("b", "2")), PLACE);
    final ListRequest other = sent(label("a", "2"), label("b", "1"));

    assertThatThrownBy(() -> tokens.place("List", other, token)).isInstanceOf(Refusal.class);
  }
}
