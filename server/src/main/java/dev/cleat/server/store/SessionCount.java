package dev.cleat.server.store;

/** How many sessions of a tool are in a state, as {@link SessionRow} has both. */
public record SessionCount(int state, String tool, long sessions) {}
