/**
 * What an operator sees of the server: instruments that every package may hold and boot shows,
 * traces, the fields of the log, the audit log. Knows nothing of ours. Read {@link
 * dev.cleat.server.telemetry.Meter} first.
 */
@NullMarked
package dev.cleat.server.telemetry;

import org.jspecify.annotations.NullMarked;
