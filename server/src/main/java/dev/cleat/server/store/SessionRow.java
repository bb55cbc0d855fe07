package dev.cleat.server.store;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A session as it is stored, without its secret.
 *
 * @param id what the session is called among those of all tenants; never used twice, also after the
 *     session is deleted
 * @param tenant whose it is; fixed once inserted
 * @param owner who owns it within the tenant, or empty; fixed once inserted
 * @param name unique among the tenant's sessions that exist, or null
 * @param tool the tool that it runs; fixed once inserted
 * @param state its state, as the caller numbers them
 * @param workspace what it is grouped under, or null
 * @param parentId the parent's id, or null; fixed once inserted, and not checked
 * @param internal whether lists show it only when asked; fixed once inserted
 * @param createdNanos when it was created, in nanoseconds since 1970; with the id the order of
 *     lists; fixed once inserted
 * @param resumeToken what its tool calls its own session; empty for none
 * @param labels the labels that filters look at
 * @param foldedSeq the number of the journal's event that this state includes
 * @param epoch the epoch of {@code foldedSeq}
 * @param data opaque; the array is not copied and must not be changed
 * @param fold opaque; the array is not copied and must not be changed
 */
@SuppressWarnings("ArrayRecordComponent") // A carrier between caller and database; never compared.
public record SessionRow(
    String id,
    String tenant,
    String owner,
    @Nullable String name,
    String tool,
    int state,
    @Nullable String workspace,
    @Nullable String parentId,
    boolean internal,
    long createdNanos,
    String resumeToken,
    Map<String, String> labels,
    long foldedSeq,
    long epoch,
    byte[] data,
    byte[] fold) {
  public SessionRow {
    labels = Map.copyOf(labels);
  }
}
