/**
 * YAML files that an operator writes: their values with every mistake's line, and reading them
 * again when they change. Knows nothing of what stands in them. Read {@link
 * dev.cleat.server.yaml.YamlFields} first.
 */
@NullMarked
package dev.cleat.server.yaml;

import org.jspecify.annotations.NullMarked;
