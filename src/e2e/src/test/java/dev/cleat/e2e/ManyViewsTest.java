package dev.cleat.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cleat.client.AttachOptions;
import dev.cleat.client.AttachOptions.Encoding;
import dev.cleat.client.Attachment;
import dev.cleat.client.CleatClient;
import dev.cleat.client.NewSession;
import dev.cleat.client.OutputChunk;
import dev.cleat.client.Session;
import dev.cleat.v1.Event;
import dev.cleat.v1.EventKind;
import dev.cleat.v1.OutputStream;
import dev.cleat.v1.ReadEventsRequest;
import dev.cleat.v1.ReadEventsResponse;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** One session seen from many places, each in its own way. */
class ManyViewsTest {
  private static final int LINES = 100;

  /** Nothing is found there that might be told behind the exit. */
  private static final String OF_NO_GIT = "/";

  /**
   * Lines with characters of one to four bytes, some cut in two, colours, and a byte of nothing.
   */
  private static final String PRINTS =
      """
      stty raw -echo
      i=1
      while [ $i -le %d ]; do
        printf 'line %%d \\303\\244 \\033[1;32mgreen\\033[0m \\342\\202' $i
        [ $((i %% 10)) -eq 0 ] && sleep 0.02
        printf '\\254 \\360\\235\\204\\236 \\377|\\n'
        i=$((i + 1))
      done
      """
          .formatted(LINES);

  @RegisterExtension final Servers servers = new Servers();
  @TempDir Path folder;

  @Test
  void everyPlaceSeesTheSame() throws Exception {
    ServerProcess server = servers.start(folder.resolve("data"));
    try (CleatClient client = server.client();
        CleatClient other = server.client()) {
      Session session =
          client.create(NewSession.of("sh").args(List.of("-c", PRINTS)).workdir(OF_NO_GIT));
      AttachOptions all = AttachOptions.fromBeginning().readOnly();
      List<EventKind> kinds = List.of(EventKind.EVENT_KIND_CREATED, EventKind.EVENT_KIND_EXITED);
      View bytes = View.of(session, all);
      View text = View.of(other.session(session.id()), all.encoding(Encoding.TEXT));
      View plain = View.of(session, all.encoding(Encoding.PLAIN));
      View output = View.of(other.session(session.id()), all.outputOnly());
      View ends = View.of(session, all.kinds(kinds));
      for (View view : List.of(bytes, text, plain, output, ends)) {
        Transcript.end(view.attachment);
      }

      String expected =
          IntStream.rangeClosed(1, LINES)
              .mapToObj("line %d ä green € 𝄞 \uFFFD|\n"::formatted)
              .collect(Collectors.joining());
      String printed = new String(bytes.content(), StandardCharsets.UTF_8);
      assertThat(printed.replaceAll("\033\\[[0-9;]*m", "")).isEqualTo(expected);
      assertThat(new String(text.content(), StandardCharsets.UTF_8)).isEqualTo(printed);
      assertThat(new String(plain.content(), StandardCharsets.UTF_8)).isEqualTo(expected);
      assertThat(output.content()).isEqualTo(bytes.content());

      assertThat(bytes.seqs())
          .isEqualTo(LongStream.rangeClosed(1, bytes.events.size()).boxed().toList());
      assertThat(text.seqs()).isEqualTo(bytes.seqs());
      assertThat(plain.offsets()).isEqualTo(bytes.offsets());
      assertThat(output.events).isEqualTo(bytes.events.stream().filter(Event::hasOutput).toList());
      assertThat(ends.events).containsExactly(bytes.events.getFirst(), bytes.events.getLast());
      assertThat(pages(client, session)).isEqualTo(bytes.events);
    }
  }

  /** The journal page by page. */
  private static List<Event> pages(CleatClient client, Session session) {
    List<Event> events = new ArrayList<>();
    ReadEventsRequest request =
        ReadEventsRequest.newBuilder().setSessionId(session.id()).setPageSize(7).build();
    String token = "";
    do {
      ReadEventsResponse page =
          client.grpc().sessions().readEvents(request.toBuilder().setPageToken(token).build());
      assertThat(page.getGapsList()).isEmpty();
      events.addAll(page.getEventsList());
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    return events;
  }

  /**
   * What came to one place.
   *
   * @param events written by the attachment's thread, read after its end
   */
  private record View(Attachment attachment, List<Event> events) {
    static View of(Session session, AttachOptions options) {
      List<Event> events = new ArrayList<>();
      Attachment attachment =
          session.attach(
              options,
              new dev.cleat.client.AttachListener() {
                @Override
                public void onOutput(OutputChunk output) {
                  events.add(output.event());
                }

                @Override
                public void onEvent(Event event) {
                  events.add(event);
                }
              });
      return new View(attachment, events);
    }

    List<Long> seqs() {
      return events.stream().map(Event::getSeq).toList();
    }

    List<Long> offsets() {
      return events.stream().filter(Event::hasOutput).map(e -> e.getOutput().getOffset()).toList();
    }

    byte[] content() {
      return content(events.stream().map(Event::getOutput).toList());
    }

    private static byte[] content(List<dev.cleat.v1.Output> outputs) {
      ByteArrayOutputStream content = new ByteArrayOutputStream();
      for (dev.cleat.v1.Output output : outputs) {
        content.writeBytes(
            (output.hasText() ? output.getTextBytes() : output.getData()).toByteArray());
      }
      return content.toByteArray();
    }

    String of(OutputStream stream) {
      return new String(
          content(
              events.stream()
                  .map(Event::getOutput)
                  .filter(output -> output.getStream() == stream)
                  .toList()),
          StandardCharsets.UTF_8);
    }
  }

  @Test
  void aSessionOnPipesKeepsOutputAndErrorsApart() throws Exception {
    ServerProcess server = servers.start(folder.resolve("data"));
    try (CleatClient client = server.client()) {
      String script =
          """
          read name
          i=1
          while [ $i -le %d ]; do echo "out $i $name"; echo "err $i" >&2; i=$((i + 1)); done
          exit 5
          """
              .formatted(LINES);
      Session session =
          client.create(
              NewSession.of("sh").args(List.of("-c", script)).workdir(OF_NO_GIT).onPipes());
      View view = View.of(session, AttachOptions.fromBeginning());
      view.attachment.send("here\n");
      assertThat(Transcript.end(view.attachment).exit().orElseThrow().code()).hasValue(5);

      assertThat(view.of(OutputStream.OUTPUT_STREAM_STDOUT)).isEqualTo(lines("out %d here\n"));
      assertThat(view.of(OutputStream.OUTPUT_STREAM_STDERR)).isEqualTo(lines("err %d\n"));
      assertThat(view.of(OutputStream.OUTPUT_STREAM_TERMINAL)).isEmpty();
      assertThat(view.seqs())
          .isEqualTo(LongStream.rangeClosed(1, view.events.size()).boxed().toList());
      assertThat(view.events.getLast().hasExited()).isTrue();
      assertThat(session.refresh().outputBytes()).isEqualTo(view.content().length);
    }
  }

  private static String lines(String format) {
    return IntStream.rangeClosed(1, LINES)
        .mapToObj(format::formatted)
        .collect(Collectors.joining());
  }
}
