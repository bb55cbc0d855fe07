/**
 * Fixtures for tests of clients, also for other modules. They know nothing of Cleat. {@link
 * dev.cleat.testing.CuttingProxy} is the flaky network, {@link dev.cleat.testing.Authority} makes
 * certificates, {@link dev.cleat.testing.Patience} is how long a test waits.
 */
@NullMarked
package dev.cleat.testing;

import org.jspecify.annotations.NullMarked;
