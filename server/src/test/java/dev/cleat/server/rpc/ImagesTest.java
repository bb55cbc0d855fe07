package dev.cleat.server.rpc;

import static dev.cleat.v1.ErrorReason.ERROR_REASON_INVALID_REQUEST;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_REQUEST_ID_REUSED;
import static dev.cleat.v1.ErrorReason.ERROR_REASON_TOO_LARGE;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.cleat.v1.CancelTurnRequest;
import dev.cleat.v1.CreateRequest;
import dev.cleat.v1.Event;
import dev.cleat.v1.Image;
import dev.cleat.v1.ImageDigest;
import dev.cleat.v1.SendPromptRequest;
import dev.cleat.v1.Turn;
import dev.cleat.v1.TurnState;
import io.grpc.Status.Code;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Pictures that go with prompts to commands: refused, handed over whole, and gone afterwards. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ImagesTest {
  private static final String PNG = "89504e470d0a1a0a";
  private static final String JPEG = "ffd8ffe0";

  private TestServer server;
  private Path pictures;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    final Path data = folder.resolve("data");
    pictures = data.resolve("pictures");
    // As a server leaves it that was killed in the middle of a turn.
    Files.writeString(Files.createDirectories(pictures.resolve("a-turn")).resolve("1.png"), "old");
    final Path catalogue = folder.resolve("tools.yaml");
    Files.writeString(
        catalogue,
        """
        tools:
          files:
            headless:
              command: [sh, -c, 'echo "$1"; shift; for f; do case $f in /*) stat -c "%a %n" "$(dirname "$f")" "$f"; sha256sum < "$f";; *) echo "$f";; esac; done; [ -z "$WAIT" ] || exec sleep 1000', sh, "{prompt}", [--with, "{image}"]]
              output: plain
          line:
            headless: {command: [cat], input: claude, output: plain}
          length:
            headless: {command: [wc, -c], input: claude, output: plain}
          deaf:
            headless: {command: ["true"], input: claude, output: plain}
        """);
    server = TestServer.start(data, Map.of("catalogue", catalogue.toString()));
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private String create(CreateRequest.Builder request) {
    return server.sessions().create(request.build()).getSession().getId();
  }

  private String create(String tool) {
    return create(CreateRequest.newBuilder().setTool(tool));
  }

  private Turn send(SendPromptRequest.Builder request) {
    return server.sessions().sendPrompt(request.build()).getTurn();
  }

  private static SendPromptRequest.Builder look(String id, Image... images) {
    return SendPromptRequest.newBuilder()
        .setSessionId(id)
        .setPrompt("look")
        .addAllImages(List.of(images));
  }

  private Turn await(Turn turn) {
    return server.prompter().await(turn);
  }

  private String answer(Turn turn) {
    return server.prompter().events(turn.getSessionId()).stream()
        .filter(event -> event.getAgentText().getTurnId().equals(turn.getId()))
        .map(Event::getAgentText)
        .map(text -> text.getText())
        .collect(Collectors.joining());
  }

  private static Image image(String type, String head, int bytes) {
    final byte[] data = new byte[bytes];
    final byte[] first = HexFormat.of().parseHex(head);
    System.arraycopy(first, 0, data, 0, Math.min(first.length, bytes));
    return Image.newBuilder().setMimeType(type).setData(ByteString.copyFrom(data)).build();
  }

  private static Image png(int bytes) {
    return image("image/png", PNG, bytes);
  }

  private static String sha256(Image image) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(image.getData().toByteArray()));
  }

  @Test
  void commandIsGivenPrivateFilesForAsLongAsItsTurn() throws Exception {
    final Image first = png(100_000);
    final Image second = image("image/jpeg", JPEG, 70);
    final Turn turn = await(send(look(create("files"), first, second)));

    final Path folder = pictures.resolve(turn.getId());
    assertThat(answer(turn).lines())
        .containsExactly(
            "look",
            "--with",
            "700 " + folder,
            "600 " + folder.resolve("1.png"),
            sha256(first) + "  -",
            "--with",
            "700 " + folder,
            "600 " + folder.resolve("2.jpeg"),
            sha256(second) + "  -");
    assertThat(pictures).isEmptyDirectory();
    assertThat(turn.getImagesList())
        .containsExactly(
            ImageDigest.newBuilder()
                .setMimeType("image/png")
                .setSizeBytes(100_000)
                .setSha256(sha256(first))
                .build(),
            ImageDigest.newBuilder()
                .setMimeType("image/jpeg")
                .setSizeBytes(70)
                .setSha256(sha256(second))
                .build());
  }

  @Test
  void filesOfACancelledTurnAreRemoved() {
    final String id =
        create(CreateRequest.newBuilder().setTool("files").putAllEnv(Map.of("WAIT", "1")));
    final Turn turn = send(look(id, png(100)));
    Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> answer(turn).contains("  -"));
    assertThat(pictures.resolve(turn.getId())).isNotEmptyDirectory();
    server
        .sessions()
        .cancelTurn(
            CancelTurnRequest.newBuilder().setSessionId(id).setTurnId(turn.getId()).build());

    assertThat(await(turn).getState()).isEqualTo(TurnState.TURN_STATE_CANCELLED);
    assertThat(pictures.resolve(turn.getId())).doesNotExist();
  }

  @Test
  void promptsByStandardInputMayBeLongAndMayGoUnread() {
    final Turn line = await(send(look(create("line"), png(8)).setPrompt("say \"-\"\nonce")));
    assertThat(answer(line))
        .isEqualTo(
            """
            {"type":"user","message":{"role":"user","content":[\
            {"type":"text","text":"say \\"-\\"\\nonce"},\
            {"type":"image","source":{"type":"base64","media_type":"image/png",\
            "data":"iVBORw0KGgo="}}]}}
            """);

    final SendPromptRequest.Builder longest =
        look(create("length"), png(3 << 20)).setPrompt("x".repeat(1 << 19));
    assertThat(Long.parseLong(answer(await(send(longest))).strip()))
        .isBetween((4L << 20) + (1 << 19), (4L << 20) + (1 << 19) + 300);
    final Turn unread = await(send(longest.setSessionId(create("deaf"))));
    assertThat(unread.getState()).isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
  }

  @Test
  void imagesThatAreNoneAreRefusedAllAtOnce() {
    final String id = create("files");
    Refused.by(() ->
            send(
                look(
                    id,
                    image("text/html", PNG, 9),
                    image("image/png", JPEG, 9),
                    image("image/gif", PNG, 0),
                    image("image/webp", "5249464600000000", 12))))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("images[0].mime_type", "images[1].data", "images[2].data", "images[3].data");
    Refused.by(() -> send(look(id).addAllImages(Collections.nCopies(11, png(9)))))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("images");
    Refused.by(() -> send(look(id, png(2 << 20), png((1 << 20) + 1))))
        .with(Code.INVALID_ARGUMENT, ERROR_REASON_INVALID_REQUEST)
        .field("images");
    final String webp = "52494646" + "00000000" + "57454250";
    final String gif = HexFormat.of().formatHex("GIF89a".getBytes(StandardCharsets.US_ASCII));
    assertThat(
            await(send(look(id, image("image/webp", webp, 12), image("image/gif", gif, 6))))
                .getState())
        .isEqualTo(TurnState.TURN_STATE_SUCCEEDED);
  }

  @Test
  void imageOfFiftyMebibytesIsTooLarge() {
    final Refused refused = Refused.by(() -> send(look(create("files"), png(50 << 20))));

    refused
        .with(Code.RESOURCE_EXHAUSTED, ERROR_REASON_TOO_LARGE)
        .field("images")
        .metadata("limit_bytes", String.valueOf(4 << 20));
    assertThat(refused.message()).contains(String.valueOf(4 << 20));
  }

  @Test
  void sameRequestIdWithOtherImagesIsReused() {
    final SendPromptRequest.Builder request =
        look(create("files"), png(100)).setRequestId("a picture");
    final Turn turn = send(request);

    assertThat(send(request).getId()).isEqualTo(turn.getId());
    for (SendPromptRequest.Builder other :
        List.of(
            request.clone().setImages(0, png(101)),
            request.clone().clearImages(),
            request.clone().addImages(png(100)))) {
      Refused.by(() -> send(other))
          .with(Code.INVALID_ARGUMENT, ERROR_REASON_REQUEST_ID_REUSED)
          .field("request_id");
    }
    await(turn);
    assertThat(send(request).getId()).isEqualTo(turn.getId());
  }
}
