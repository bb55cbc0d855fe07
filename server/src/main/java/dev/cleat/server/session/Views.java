package dev.cleat.server.session;

import dev.cleat.v1.Session;

/** How much of a session is shown. */
public final class Views {
  private Views() {}

  /** What a list shows, see {@code SESSION_VIEW_BRIEF}. */
  public static Session brief(Session full) {
    final Session.Builder brief =
        Session.newBuilder()
            .setId(full.getId())
            .setName(full.getName())
            .setTenant(full.getTenant())
            .setOwner(full.getOwner())
            .setTool(full.getTool())
            .setState(full.getState())
            .setWorkspace(full.getWorkspace())
            .setParentId(full.getParentId())
            .setInternal(full.getInternal())
            .putAllLabels(full.getLabelsMap())
            .setEpoch(full.getEpoch())
            .setHeadSeq(full.getHeadSeq())
            .setStatusMessage(full.getStatusMessage())
            .setClientCount(full.getClientCount());
    if (full.hasActivity()) {
      brief.setActivity(full.getActivity());
    }
    if (full.hasExit()) {
      brief.setExit(full.getExit());
    }
    if (full.hasCreateTime()) {
      brief.setCreateTime(full.getCreateTime());
    }
    if (full.hasUpdateTime()) {
      brief.setUpdateTime(full.getUpdateTime());
    }
    if (full.hasEndTime()) {
      brief.setEndTime(full.getEndTime());
    }
    if (full.hasLastActivityTime()) {
      brief.setLastActivityTime(full.getLastActivityTime());
    }
    return brief.build();
  }
}
