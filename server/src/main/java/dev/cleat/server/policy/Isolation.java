package dev.cleat.server.policy;

/** How the processes of a workspace are kept from the server and from other tenants. */
public enum Isolation {
  /** Not at all: they run as the server's user. */
  SAME_USER("same-user"),
  /** By the system's users: each tenant has one of its own. */
  OWN_USER("own-user"),
  /** By namespaces: they see a few directories, and no process but their own. */
  SANDBOX("sandbox");

  private final String word;

  Isolation(String word) {
    this.word = word;
  }

  /** As a policy file has it. */
  @Override
  public String toString() {
    return word;
  }
}
