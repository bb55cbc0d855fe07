package dev.cleat.server.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListenAddressTest {
  /** Nothing before the address: {@code InetSocketAddress} puts a slash there. */
  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "127.0.0.2"})
  void thatOfASocketIsWrittenAsItIsConfigured(String host) throws Exception {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(host, 0));
      ListenAddress address = ListenAddress.of((InetSocketAddress) socket.getLocalSocketAddress());
      assertThat(address).hasToString(host + ":" + socket.getLocalPort());
      assertThat(ListenAddress.parse(address.toString())).isEqualTo(address);
    }
  }

  @Test
  void ofTheSixthVersionHasBrackets() {
    ListenAddress address =
        ListenAddress.of(new InetSocketAddress(InetAddress.ofLiteral("::1"), 7071));
    assertThat(ListenAddress.parse(address.toString())).isEqualTo(address);
    assertThat(address.toString()).startsWith("[").endsWith("]:7071");
  }
}
