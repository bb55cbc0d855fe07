package dev.cleat.server.boot;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the server listens.
 *
 * @param host a name or an address; an IPv6 address without brackets
 * @param port 0 to 65535; 0 lets the system choose
 */
public record ListenAddress(String host, int port) {
  private static final int MAX_PORT = 65_535;
  private static final Pattern FORM =
      Pattern.compile("(?:\\[([0-9A-Fa-f:.]+(?:%[^]]+)?)]|([^\\s:\\[\\]]+)):(\\d{1,5})");

  /**
   * The address of a text.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  static ListenAddress parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "expects HOST:PORT, such as 127.0.0.1:7070 or [::1]:7070, and not '%s'".formatted(text));
    }
    int port = Integer.parseInt(matcher.group(3));
    if (port > MAX_PORT) {
      throw new IllegalArgumentException("expects a port of 0 to 65535, and not " + port);
    }
    String bracketed = matcher.group(1);
    return new ListenAddress(bracketed != null ? bracketed : matcher.group(2), port);
  }

  /** That of a socket, with the address in figures unless it was given by name. */
  static ListenAddress of(InetSocketAddress address) {
    return new ListenAddress(address.getHostString(), address.getPort());
  }

  /** The address with its host looked up. */
  public InetSocketAddress resolve() throws UnknownHostException {
    return new InetSocketAddress(InetAddress.getByName(host), port);
  }

  /** {@code HOST:PORT}, as it is configured. */
  @Override
  public String toString() {
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
  }
}
