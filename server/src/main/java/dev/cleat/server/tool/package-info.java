/**
 * The catalogue of tools: what sessions can run, and how each is started.
 *
 * <p>Knows files and programs, and nothing of sessions. Read {@link
 * dev.cleat.server.tool.Catalogue} first.
 */
@NullMarked
package dev.cleat.server.tool;

import org.jspecify.annotations.NullMarked;
