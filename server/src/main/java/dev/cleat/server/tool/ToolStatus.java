package dev.cleat.server.tool;

/**
 * A tool as it is here and now.
 *
 * @param installed its program is on the PATH of a session that sets none of its own
 * @param supported it runs on this operating system
 */
public record ToolStatus(Tool tool, boolean installed, boolean supported) {}
