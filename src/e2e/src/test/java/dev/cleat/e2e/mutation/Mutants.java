package dev.cleat.e2e.mutation;

import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Makes calls that are hardly ever meant. Each has a number, and chance in it depends on that and
 * on the seed alone; what there is on the server when it comes does not. Safe for use by any
 * thread.
 */
public final class Mutants {
  /** What starts processes, or ends those that others call for, comes less often. */
  private static final Set<String> RARE =
      Set.of("Create", "Restart", "GetToolHelp", "SendPrompt", "Delete", "Stop");

  private static final int RARITY = 6;

  /** Longer than any answer takes, on a machine that has much else to do. */
  private static final int HANGS_SECONDS = 60;

  private static final int MOST_MESSAGES = 6;
  private static final int LONGEST_STREAM_MILLIS = 120;
  private static final int SHORTEST_DEADLINE_MILLIS = 10;

  private final List<Served> served = Served.all();
  private final List<ManagedChannel> channels;
  private final long seed;
  private final Known known = new Known();
  private final Plausible plausible;

  /**
   * Calls over these connections.
   *
   * @param workdir a folder of the server's with a picture {@code shot.png} in it
   */
  public Mutants(List<ManagedChannel> channels, long seed, String workdir) {
    this.channels = channels;
    this.seed = seed;
    this.plausible = new Plausible(known, workdir);
  }

  /** The full names of all methods that there are. */
  public static List<String> methods() {
    return Served.all().stream().map(served -> served.rpc().getFullMethodName()).toList();
  }

  /** Notes that there is such a session, or what else is in an answer. */
  public void know(Message answer) {
    known.note(
        DynamicMessage.getDefaultInstance(answer.getDescriptorForType()),
        answer.getDescriptorForType(),
        answer.toByteArray());
  }

  /** Makes one call, and waits for its end; says what was wrong with that. */
  public void call(long number, Verdicts verdicts) throws Exception {
    SplittableRandom random = new SplittableRandom(seed + number);
    Served method = method(random);
    List<Message> meant = messages(method, random);
    List<byte[]> messages = new ArrayList<>();
    boolean spoilt = random.nextInt(100) < 40;
    for (Message message : meant) {
      byte[] bytes = message.toByteArray();
      messages.add(spoilt && random.nextInt(3) > 0 ? SpoiltBytes.of(bytes, random) : bytes);
    }
    ManagedChannel channel = channels.get((int) (number % channels.size()));
    UnderWay call = new UnderWay(channel, number, method, meant.getFirst(), random);
    try {
      verdicts.judge(call.make(messages));
    } catch (TimeoutException e) {
      verdicts.neverEnded(number, method);
    }
  }

  private Served method(SplittableRandom random) {
    Served method = served.get(random.nextInt(served.size()));
    return RARE.contains(method.name()) && random.nextInt(RARITY) > 0 ? method(random) : method;
  }

  private List<Message> messages(Served method, SplittableRandom random) {
    Messages draw =
        new Messages(plausible, random, random.nextInt(100) < 35 ? 0 : 20 + random.nextInt(200));
    List<Message> messages = new ArrayList<>();
    int count = method.schema().isClientStreaming() ? 1 + random.nextInt(MOST_MESSAGES) : 1;
    for (int i = 0; i < count; i++) {
      messages.add(draw.draw(method.request()));
    }
    return messages;
  }

  /** One call. */
  private final class UnderWay extends ClientCall.Listener<byte[]> {
    private final long number;
    private final Served method;
    private final Message request;
    private final boolean isStranger;
    private final boolean isCut;
    private final int enough;
    private final boolean halfCloses;
    private final Metadata headers;
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private final ClientCall<byte[], byte[]> call;
    private int answers;
    private boolean isCancelled; // guarded by this

    UnderWay(
        ManagedChannel channel,
        long number,
        Served method,
        Message request,
        SplittableRandom random) {
      this.number = number;
      this.method = method;
      this.request = request;
      this.isStranger = random.nextInt(100) == 0;
      boolean isShort = random.nextInt(50) == 0;
      this.isCut = method.waits() || isShort;
      int deadlineMillis =
          isShort
              ? random.nextInt(SHORTEST_DEADLINE_MILLIS)
              : method.waits() ? 1 + random.nextInt(LONGEST_STREAM_MILLIS) : HANGS_SECONDS * 1_000;
      this.enough = method.waits() ? random.nextInt(8) : Integer.MAX_VALUE;
      this.halfCloses = !method.schema().isClientStreaming() || random.nextBoolean();
      boolean isCompressed = random.nextInt(30) == 0;
      this.headers = random.nextInt(10) == 0 ? OddHeaders.draw(random) : new Metadata();
      CallOptions options =
          CallOptions.DEFAULT.withDeadlineAfter(deadlineMillis, TimeUnit.MILLISECONDS);
      MethodDescriptor<byte[], byte[]> rpc =
          MethodDescriptor.<byte[], byte[]>newBuilder()
              .setType(method.rpc().getType())
              .setFullMethodName(method.rpc().getFullMethodName() + (isStranger ? "s" : ""))
              .setRequestMarshaller(BytesMarshaller.INSTANCE)
              .setResponseMarshaller(BytesMarshaller.INSTANCE)
              .build();
      this.call = channel.newCall(rpc, isCompressed ? options.withCompression("gzip") : options);
    }

    Outcome make(List<byte[]> messages) throws Exception {
      call.start(this, headers);
      // A stream that wants nothing asks for nothing.
      if (enough > 0) {
        call.request(2);
      }
      for (byte[] message : messages) {
        say(() -> call.sendMessage(message));
      }
      if (halfCloses) {
        say(call::halfClose);
      }
      return outcome.get(2L * HANGS_SECONDS, TimeUnit.SECONDS);
    }

    /** Nothing may be said after it was cancelled. */
    private synchronized void say(Runnable word) {
      if (!isCancelled) {
        word.run();
      }
    }

    private synchronized void cancel() {
      isCancelled = true;
      call.cancel("enough", null);
    }

    @Override
    public void onMessage(byte[] answer) {
      if (method.isOurs()) {
        known.note(request, method.response(), answer);
      }
      answers++;
      if (answers >= enough) {
        cancel();
      } else {
        call.request(1);
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      Outcome.Expected expected =
          isStranger
              ? Outcome.Expected.NO_METHOD
              : isCut ? Outcome.Expected.CUT : Outcome.Expected.ANSWER;
      outcome.complete(new Outcome(number, method, expected, status, trailers));
    }
  }

  /** Bytes as they are. */
  private enum BytesMarshaller implements MethodDescriptor.Marshaller<byte[]> {
    INSTANCE;

    @Override
    public InputStream stream(byte[] bytes) {
      return new ByteArrayInputStream(bytes);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
