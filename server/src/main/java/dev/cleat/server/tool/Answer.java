package dev.cleat.server.tool;

/**
 * What a program printed when it was asked something.
 *
 * @param output as it came, up to the limit
 * @param truncated there was more, or it took too long
 * @param succeeded it ended by itself, with exit code 0
 */
@SuppressWarnings("ArrayRecordComponent") // Read once, where it was made for.
public record Answer(byte[] output, boolean truncated, boolean succeeded) {}
