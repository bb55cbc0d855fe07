/**
 * Who is calling: the credentials that are taken, and what each says of its bearer. Knows no
 * session. Read {@link dev.cleat.server.auth.Caller} first.
 */
@NullMarked
package dev.cleat.server.auth;

import org.jspecify.annotations.NullMarked;
