package dev.cleat.server.auth;

import com.nimbusds.jose.proc.SecurityContext;

/** Whether a key that is not known may be waited for. */
enum KeyWait implements SecurityContext {
  /** It is fetched, which takes as long as it takes. */
  ALLOWED,
  /** What is known must do. */
  NONE
}
