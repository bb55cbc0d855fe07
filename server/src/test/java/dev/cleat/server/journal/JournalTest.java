package dev.cleat.server.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
  @TempDir Path folder;
  private JournalRoot root;

  @BeforeEach
  void open() throws IOException {
    root = JournalRoot.open(folder, JournalRootOptions.defaults());
  }

  @AfterEach
  void close() throws IOException {
    root.close();
  }

  @Test
  void numbersBeginAtOneAndHaveNoHoles() throws IOException {
    Journal journal = root.create("a", JournalOptions.defaults());

    assertThat(journal.head()).isZero();
    assertThat(journal.nextSeq()).isEqualTo(1);
    assertThat(journal.append(TestEvent.of("x"))).isEqualTo(1);
    assertThat(journal.append(List.of(TestEvent.of("y"), TestEvent.of("z")))).isEqualTo(2);
    assertThat(journal.append(TestEvent.of("w"))).isEqualTo(4);
    assertThat(journal.head()).isEqualTo(4);
    assertThat(journal.oldest()).isEqualTo(1);
    assertThat(journal.epoch()).isEqualTo(1);
  }

  @Test
  void memoryAndDiskDeliverTheSameBytes() throws IOException {
    Journal journal = root.create("a", JournalOptions.defaults());
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    for (int i = 1; i <= 300; i++) {
      TestEvent event = new TestEvent(TestEvent.payload(i, i * 7));
      long seq = journal.append(event);
      byte[] bytes = event.bytesAt(seq);
      byte[] head = new byte[1 + Varint.size(bytes.length)];
      head[0] = Records.TAG;
      Varint.put(head, 1, bytes.length);
      expected.write(head);
      expected.write(bytes);
    }

    byte[] fromMemory = readAll(journal, 10_000);
    root.close("a");
    byte[] fromDisk = readAll(root.open("a", JournalOptions.defaults(), 300), 10_000);

    assertThat(fromMemory).isEqualTo(expected.toByteArray());
    assertThat(fromDisk).isEqualTo(expected.toByteArray());
  }

  private static byte[] readAll(Journal journal, int maxBytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    List<Long> seqs = new ArrayList<>();
    try (Cursor cursor = journal.cursorFromOldest()) {
      while (cursor.poll(maxBytes) instanceof Batch batch) {
        int before = out.size();
        batch.writeTo(out);
        assertThat(out.size() - before).isEqualTo(batch.wireLength()).isLessThanOrEqualTo(maxBytes);
        batch.forEach((seq, array, offset, length) -> seqs.add(seq));
      }
    }
    assertThat(seqs).hasSize((int) journal.head()).isSorted().doesNotHaveDuplicates();
    return out.toByteArray();
  }

  @Test
  void anEntryThatLiesAboutItselfIsRefusedAndChangesNothing() throws IOException {
    Journal journal = root.create("a", JournalOptions.defaults());
    Entry wrongNumber =
        new Entry() {
          @Override
          public int sizeAt(long seq) {
            return 2;
          }

          @Override
          public void encodeAt(long seq, java.nio.ByteBuffer target) {
            target.put((byte) 8).put((byte) (seq + 1));
          }
        };

    assertThatThrownBy(() -> journal.append(wrongNumber))
        .isInstanceOf(IllegalArgumentException.class);

    assertThat(journal.append(TestEvent.of("x"))).isEqualTo(1);
  }
}
