package dev.cleat.server.session;

import dev.cleat.v1.InputRange;
import java.util.List;

/**
 * Where a writer's numbers stand when it attaches.
 *
 * @param known whether it was there before, in this run of the server
 * @param next the next number that its input must have
 * @param discarded which numbers below that were thrown away
 */
record WriterStanding(boolean known, long next, List<InputRange> discarded) {}
