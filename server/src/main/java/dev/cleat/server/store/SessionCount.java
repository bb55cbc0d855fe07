package dev.cleat.server.store;

/** How many sessions of a tenant and a tool are in a state, as {@link SessionRow} has all three. */
public record SessionCount(String tenant, int state, String tool, long sessions) {}
