package dev.cleat.server.auth;

/** What a call's credential comes to. */
public sealed interface Verdict {
  /** The credential is valid, or none is needed. */
  record Valid(Credential credential) implements Verdict {}

  /** Nobody who may be here. For whoever operates the server; a caller is not told which. */
  record Invalid(Kind kind, Why why) implements Verdict {}

  /** What kind of credential was offered. */
  enum Kind {
    /** Neither a token nor a certificate. */
    NONE,
    /** A bearer token that is no JWT, or something else under that name. */
    TOKEN,
    /** A JWT of others. */
    JWT,
    /** One that says it is a ticket. */
    TICKET,
    /** A client certificate. */
    CERTIFICATE
  }

  /** What is wrong with it. */
  enum Why {
    /** There is none. */
    MISSING,
    /** It is not sent as one should be. */
    MALFORMED,
    /** It is not listed. */
    UNKNOWN,
    /** It is valid no more, by what it or the list says of itself. */
    EXPIRED,
    /** Anything else: not ours, not trusted, revoked, or no JWTs are taken. */
    INVALID
  }
}
