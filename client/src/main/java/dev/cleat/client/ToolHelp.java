package dev.cleat.client;

/**
 * A tool's own help.
 *
 * @param text without escape sequences: its first 256 KiB
 * @param truncated there was more, or the tool took longer than 10 s
 */
public record ToolHelp(String text, boolean truncated) {}
