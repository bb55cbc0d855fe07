/**
 * Keeps the processes of sessions apart, with the tools that Linux has for it: setpriv, bubblewrap,
 * prlimit, control groups, and the commands that start something in a container. It makes argument
 * vectors; who starts them is above. Knows the policy and no session. Read {@link
 * dev.cleat.server.isolation.Isolator} first.
 */
@NullMarked
package dev.cleat.server.isolation;

import org.jspecify.annotations.NullMarked;
