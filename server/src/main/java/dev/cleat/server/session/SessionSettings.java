package dev.cleat.server.session;

import dev.cleat.server.journal.JournalOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What the operator decides about sessions.
 *
 * @param journal how journals are kept where a session does not say otherwise
 * @param dataFolder the server's own folder, without links
 * @param workspaceRoot where sessions without a working directory get one of their own
 * @param pictureRoot where images are for as long as a command is given their paths
 * @param idleTimeout for sessions that do not say; zero: never
 * @param endedRetention how long ended sessions are kept; zero: for ever
 * @param stopGrace from the polite signals to KILL
 * @param maxClients how many may be attached to one session
 * @param maxQueue how many turns may wait in one session
 * @param maxPendingInput how many bytes of input may wait for one terminal
 * @param keepTurns how many ended turns of a session are kept
 * @param artifactRoots folders beside a session's working directory whose media files may be read
 * @param allowSameUser whether several tenants' processes may run as the server's user
 */
public record SessionSettings(
    JournalOptions journal,
    Path dataFolder,
    Path workspaceRoot,
    Path pictureRoot,
    Duration idleTimeout,
    Duration endedRetention,
    Duration stopGrace,
    int maxClients,
    int maxQueue,
    long maxPendingInput,
    int keepTurns,
    List<Path> artifactRoots,
    boolean allowSameUser) {}
