/**
 * Sessions: their life, their turns, who types into them and how large their terminal is. Knows
 * terminals, tools, journals, readers and the store, and nothing of gRPC; what goes wrong is said
 * as a {@link dev.cleat.server.session.Refusal}. Read {@link dev.cleat.server.session.Sessions}
 * first, then {@link dev.cleat.server.session.TenantSessions} and {@link
 * dev.cleat.server.session.Session}.
 */
@NullMarked
package dev.cleat.server.session;

import org.jspecify.annotations.NullMarked;
