/** The container image, built and run. Read {@link dev.cleat.e2e.image.ImageTest} first. */
@NullMarked
package dev.cleat.e2e.image;

import org.jspecify.annotations.NullMarked;
