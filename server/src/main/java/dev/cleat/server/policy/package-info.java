/**
 * What the operator allows: to each tenant which tools, variables, directories and workspaces and
 * how much of everything, and to each workspace how its sessions are kept apart. Says it and
 * enforces nothing; knows no session. Read {@link dev.cleat.server.policy.Policy} first.
 */
@NullMarked
package dev.cleat.server.policy;

import org.jspecify.annotations.NullMarked;
