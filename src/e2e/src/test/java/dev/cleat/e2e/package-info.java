/**
 * What Cleat promises, shown from outside: real server processes, the real client library and
 * foreign ones, real terminals, real files, real signals. These tests know the contract, the
 * command line and the layout of the data folder, and none of the server's classes. Read {@link
 * dev.cleat.e2e.Servers} first, which starts the servers and sees that nothing is left of them.
 */
@NullMarked
package dev.cleat.e2e;

import org.jspecify.annotations.NullMarked;
