/**
 * What the chart renders, refuses, documents and alerts to, shown by Helm itself, the types of
 * Kubernetes, the server's own readers of its files, and promtool. Read {@link
 * dev.cleat.helm.Chart} first, which renders it; {@link dev.cleat.helm.RenderedPod} is for tests
 * that start what was rendered.
 */
@NullMarked
package dev.cleat.helm;

import org.jspecify.annotations.NullMarked;
