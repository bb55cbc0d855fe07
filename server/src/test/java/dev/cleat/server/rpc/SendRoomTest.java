package dev.cleat.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SendRoomTest {
  private static final long ROOM = 64 << 20;

  @Test
  void aFewStreamsHaveAllTheyCanUse() {
    final SendRoom room = new SendRoom(ROOM);

    for (int stream = 0; stream < 64; stream++) {
      assertThat(room.take()).isEqualTo(512 << 10);
    }
  }

  @Test
  void manyStreamsFitAndEachGoesOn() {
    final SendRoom room = new SendRoom(ROOM);
    long all = 0;

    for (int stream = 0; stream < 1_000; stream++) {
      final int share = room.take();
      assertThat(share).isGreaterThanOrEqualTo(SendRoom.LEAST);
      all += share;
    }

    assertThat(all).isLessThanOrEqualTo(ROOM + 1_000 * SendRoom.LEAST);
  }

  @Test
  void whatIsGivenBackIsThereForOthers() {
    final SendRoom room = new SendRoom(ROOM);
    final List<Integer> shares = new ArrayList<>();
    for (int stream = 0; stream < 10_000; stream++) {
      shares.add(room.take());
    }
    assertThat(room.take()).isEqualTo(SendRoom.LEAST);
    room.giveBack(SendRoom.LEAST);

    shares.forEach(room::giveBack);

    assertThat(room.take()).isEqualTo(512 << 10);
  }
}
