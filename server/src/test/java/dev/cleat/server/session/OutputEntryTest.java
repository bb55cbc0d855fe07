package dev.cleat.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.cleat.server.reader.EventBytes;
import dev.cleat.v1.Event;
import dev.cleat.v1.Output;
import dev.cleat.v1.OutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The serialisation by hand, and the look at it without parsing, against the generated classes. */
class OutputEntryTest {

  @Test
  void bytesAreThoseOfTheGeneratedClasses() throws Exception {
    final long seed = System.nanoTime();
    System.out.println("OutputEntryTest seed " + seed);
    final Random random = new Random(seed);
    final OutputEntry entry = new OutputEntry();
    for (int i = 0; i < 2000; i++) {
      final byte[] data = new byte[random.nextInt(i % 100 == 0 ? 65_536 : 300)];
      random.nextBytes(data);
      final Instant time =
          Instant.ofEpochSecond(random.nextInt(), i % 7 == 0 ? 0 : random.nextInt(1_000_000_000));
      final long offset = i % 5 == 0 ? 0 : random.nextLong() >>> random.nextInt(1, 64);
      final long seq = 1 + (random.nextLong() >>> random.nextInt(1, 64));
      final OutputStream stream = OutputStream.forNumber(1 + random.nextInt(3));
      entry.set(time, offset, stream, direct(data));

      final ByteBuffer bytes = ByteBuffer.allocate(entry.sizeAt(seq));
      entry.encodeAt(seq, bytes);

      final Event expected =
          Event.newBuilder()
              .setSeq(seq)
              .setTime(Times.timestamp(time))
              .setOutput(
                  Output.newBuilder()
                      .setOffset(offset)
                      .setStream(stream)
                      .setData(ByteString.copyFrom(data)))
              .build();
      assertThat(bytes.array()).isEqualTo(expected.toByteArray());
      assertLook(expected, data);
    }
  }

  /** A view into the middle of a larger buffer, as terminals give it. */
  private static ByteBuffer direct(byte[] data) {
    final ByteBuffer larger = ByteBuffer.allocateDirect(data.length + 20);
    larger.position(10).put(data).position(10).limit(10 + data.length);
    return larger;
  }

  private static void assertLook(Event event, byte[] data) {
    final byte[] serialised = event.toByteArray();
    final byte[] array = new byte[serialised.length + 7];
    System.arraycopy(serialised, 0, array, 3, serialised.length);
    final EventBytes look = new EventBytes();
    look.read(array, 3, serialised.length);
    assertThat(look.isOutput()).isTrue();
    assertThat(look.seconds()).isEqualTo(event.getTime().getSeconds());
    assertThat(look.nanos()).isEqualTo(event.getTime().getNanos());
    assertThat(look.outputOffset()).isEqualTo(event.getOutput().getOffset());
    assertThat(look.outputStream()).isEqualTo(event.getOutput().getStreamValue());
    assertThat(ByteBuffer.wrap(look.array(), look.dataFrom(), look.dataLength()))
        .isEqualTo(ByteBuffer.wrap(data));
  }
}
