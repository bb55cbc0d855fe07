package dev.cleat.e2e;

import dev.cleat.bench.RawConnection;
import java.io.IOException;

/** The same again and again. */
final class Flood {
  private Flood() {}

  /** Something to write. */
  interface Step {
    void write(RawConnection connection, int number) throws IOException;
  }

  /** Writes until the server has had enough; the error it says, or -1 where that was lost. */
  static int on(RawConnection connection, Step step) throws Exception {
    Thread writer =
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              try {
                for (int number = 0; ; number++) {
                  step.write(connection, number);
                }
              } catch (IOException e) {
                // The server has had enough.
              }
            });
    int error = connection.awaitEnd();
    connection.close();
    writer.join();
    return error;
  }
}
