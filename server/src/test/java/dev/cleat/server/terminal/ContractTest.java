package dev.cleat.server.terminal;

import static dev.cleat.server.terminal.Implementation.shell;
import static dev.cleat.server.terminal.Implementation.spec;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cleat.server.terminal.TerminalStartException.Kind;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Bytes in, bytes out, and what the process gets: what holds for every implementation. */
@ParameterizedClass
@EnumSource
final class ContractTest {
  private static final Duration LONG = Duration.ofMinutes(5);

  private final Implementation implementation;

  ContractTest(Implementation implementation) {
    this.implementation = implementation;
  }

  private Terminal start(TerminalSpec spec, TerminalListener listener)
      throws TerminalStartException {
    return implementation.factory().start(spec, listener);
  }

  private Recorder run(String script) throws TerminalStartException {
    final Recorder recorder = new Recorder();
    start(shell(script), recorder);
    recorder.awaitExit();
    return recorder;
  }

  @Test
  void everyByteValueComesOutAsItIs() throws Exception {
    final Recorder recorder = run(implementation.raw() + "printf '" + octal() + "'");
    assertThat(recorder.bytes(implementation.output())).isEqualTo(allBytes());
  }

  @Test
  void everyByteValueGoesInAsItIs() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal =
        start(shell(implementation.raw() + "echo ready; head -c 256 | sha256sum"), recorder);
    recorder.awaitText("ready");
    Processes.write(terminal, allBytes());
    recorder.awaitExit();
    assertThat(recorder.text()).contains(sha256(allBytes()));
  }

  @Test
  void whatItStartsIsEndedBeforeTheServerWhenMemoryIsUsedUp() throws Exception {
    final int own = Integer.parseInt(Files.readString(Path.of("/proc/self/oom_score_adj")).strip());
    final Recorder recorder =
        run(
            "until [ $(cat /proc/self/oom_score_adj) -gt %d ]; do :; done; echo ra''ised"
                .formatted(Math.min(own, 999)));
    assertThat(recorder.text()).contains("raised");
  }

  @Test
  void tenMegabytesGoInThroughPartialWrites() throws Exception {
    final byte[] bytes = random(10 * 1024 * 1024);
    final Recorder recorder = new Recorder();
    final Terminal terminal =
        start(
            shell(implementation.raw() + "echo ready; head -c " + bytes.length + " | sha256sum"),
            recorder);
    recorder.awaitText("ready");
    Processes.write(terminal, bytes);
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Code(0));
    assertThat(recorder.text()).contains(sha256(bytes));
  }

  @Test
  void directBuffersAndSlicesGoInFromTheirPosition() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal =
        start(shell(implementation.raw() + "echo ready; head -c 4"), recorder);
    recorder.awaitText("ready");
    final ByteBuffer direct = ByteBuffer.allocateDirect(10).put("..abcdef..".getBytes(US_ASCII));
    direct.position(2).limit(4);
    final ByteBuffer readOnly =
        ByteBuffer.wrap("....cd..".getBytes(US_ASCII), 4, 2).slice().asReadOnlyBuffer();
    assertThat(terminal.write(direct)).isEqualTo(2);
    assertThat(terminal.write(readOnly)).isEqualTo(2);
    assertThat(direct.remaining() + readOnly.remaining()).isZero();
    recorder.awaitExit();
    assertThat(recorder.text()).endsWith("abcd");
  }

  @Test
  void twoHundredMegabytesComeOutWhole(@TempDir Path folder) throws Exception {
    final byte[] part = random(8 * 1000 * 1000);
    final Path file = Files.write(folder.resolve("part"), part);
    final CRC32C expected = new CRC32C();
    final int times = 25;
    for (int i = 0; i < times; i++) {
      expected.update(part);
    }
    final String cat = "cat" + (" " + file).repeat(times);
    final Recorder recorder = run(implementation.raw() + "exec " + cat);
    assertThat(recorder.count()).isEqualTo((long) times * part.length);
    assertThat(recorder.crc()).isEqualTo(expected.getValue());
  }

  @Test
  void aProcessThatDoesNotReadNeverBlocksTheWriterAndCanBeStopped() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal =
        start(shell(implementation.raw() + "echo ready; exec sleep 1000"), recorder);
    recorder.awaitText("ready");
    final ByteBuffer flood = ByteBuffer.allocate(4 * 1024 * 1024);
    Processes.eventually(
        () -> terminal.write(flood) == 0 && !terminal.awaitWritable(Duration.ofMillis(50)));
    assertThat(flood.hasRemaining()).isTrue();
    terminal.stop(LONG);
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Signalled(Signal.HUP.number(), false));
    assertThatThrownBy(() -> terminal.write(flood)).isInstanceOf(TerminalClosedException.class);
    assertThat(terminal.awaitWritable(LONG)).isFalse();
  }

  @Test
  void awaitWritableReturnsWhenTheProcessEnds() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal =
        start(shell(implementation.raw() + "echo ready; exec sleep 1000"), recorder);
    recorder.awaitText("ready");
    final ByteBuffer flood = ByteBuffer.allocate(4 * 1024 * 1024);
    Processes.eventually(
        () -> terminal.write(flood) == 0 && !terminal.awaitWritable(Duration.ofMillis(50)));
    final Thread killer = Thread.ofPlatform().start(() -> terminal.signal(Signal.KILL));
    assertThat(terminal.awaitWritable(LONG)).isFalse();
    killer.join();
    recorder.awaitExit();
  }

  @Test
  void theEnvironmentIsExactlyWhatWasGiven() throws Exception {
    final Map<String, String> environment =
        Map.of("A", "1", "EMPTY", "", "UMLAUT", "äöü€𝄞", "EQUALS", "a=b=c", "LINES", "x\ty");
    final Recorder recorder = new Recorder();
    start(
        new TerminalSpec(List.of("/usr/bin/env"), environment, Path.of("/"), new Size(24, 80)),
        recorder);
    recorder.awaitExit();
    final List<String> expected =
        environment.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList();
    assertThat(recorder.text(implementation.output()).lines().map(l -> l.replace("\r", "")))
        .containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void argumentsArriveAsTheyAre() throws Exception {
    final Recorder recorder = new Recorder();
    start(spec("/usr/bin/printf", "<%s>", "a b", "", "ü€𝄞", "$HOME", "'\"\\"), recorder);
    recorder.awaitExit();
    assertThat(recorder.text()).isEqualTo("<a b><><ü€𝄞><$HOME><'\"\\>");
  }

  @Test
  void theWorkingDirectoryIsTheOneThatWasGiven(@TempDir Path folder) throws Exception {
    final Recorder recorder = new Recorder();
    start(new TerminalSpec(List.of("/bin/pwd"), Map.of(), folder, new Size(24, 80)), recorder);
    recorder.awaitExit();
    assertThat(recorder.text().strip()).isEqualTo(folder.toRealPath().toString());
  }

  @Test
  void noDescriptorOfTheServerIsInherited(@TempDir Path folder) throws Exception {
    final Recorder other = new Recorder();
    final Terminal open = start(spec("/bin/sleep", "1000"), other);
    try (var _ = Files.newOutputStream(folder.resolve("open"))) {
      final Recorder recorder = new Recorder();
      start(spec("/bin/ls", "/proc/self/fd"), recorder);
      recorder.awaitExit();
      // 3 is the folder that ls reads.
      assertThat(recorder.text().split("\\s+")).containsExactly("0", "1", "2", "3");
    }
    open.close();
    other.awaitExit();
  }

  @Test
  void noSignalIsBlockedOrIgnoredAtTheStart() throws Exception {
    final Recorder recorder = new Recorder();
    start(spec("/bin/cat", "/proc/self/status"), recorder);
    recorder.awaitExit();
    assertThat(mask(recorder.text(), "SigBlk")).isZero();
    // 32 and 33 belong to the C library: whoever started the tests may have left them ignored, and
    // nobody can reset them.
    assertThat(mask(recorder.text(), "SigIgn") & ~(0b11L << 31)).isZero();
  }

  private static long mask(String status, String name) {
    return status
        .lines()
        .filter(line -> line.startsWith(name + ":"))
        .mapToLong(line -> Long.parseUnsignedLong(line.substring(name.length() + 1).strip(), 16))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void theProcessLeadsASessionOfItsOwn() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal = start(spec("/bin/sleep", "1000"), recorder);
    final int leader = (int) terminal.pid();
    assertThat(Libc.getsid(leader)).isEqualTo(leader);
    assertThat(Libc.getpgid(leader)).isEqualTo(leader);
    terminal.close();
    recorder.awaitExit();
  }

  @Test
  void inputAfterTheEndOfTheReaderIsRefusedAndNeverKillsTheServer() throws Exception {
    final Recorder recorder = new Recorder();
    final Terminal terminal = start(shell("exit 0"), recorder);
    recorder.awaitExit();
    assertThatThrownBy(() -> terminal.write(ByteBuffer.allocate(1)))
        .isInstanceOf(TerminalClosedException.class);
  }

  @Test
  void aWorkingDirectoryThatHasBecomeALinkElsewhereIsRefused(@TempDir Path temp) throws Exception {
    final Path folder = temp.toRealPath();
    final Path inside = Files.createDirectory(folder.resolve("inside"));
    final Path link = Files.createSymbolicLink(folder.resolve("link"), folder);
    assertThat(refusal(within(link, inside))).isEqualTo(Kind.WORKDIR_OUTSIDE);
    assertThat(refusal(within(folder, inside))).isEqualTo(Kind.WORKDIR_OUTSIDE);
    final Recorder recorder = new Recorder();
    start(within(inside, folder), recorder);
    assertThat(recorder.awaitExit()).isEqualTo(new Exit.Code(0));
  }

  private static TerminalSpec within(Path workdir, Path root) {
    return new TerminalSpec(
        List.of("/bin/true"),
        Map.of(),
        workdir,
        new Size(24, 80),
        List.of(root),
        TerminalSpec.Meant.PROGRAM);
  }

  @Test
  void startFailuresAreToldApart(@TempDir Path folder) throws Exception {
    final Path file = Files.writeString(folder.resolve("file"), "no program");
    final Path script = Files.writeString(folder.resolve("script"), "#!/no/such/interpreter\n");
    final Path garbage = Files.write(folder.resolve("garbage"), random(1000));
    assertThat(script.toFile().setExecutable(true) && garbage.toFile().setExecutable(true))
        .isTrue();
    assertThat(refusal("/bin/true", folder.resolve("missing"))).isEqualTo(Kind.WORKDIR_MISSING);
    assertThat(refusal("/bin/true", file)).isEqualTo(Kind.WORKDIR_NOT_FOLDER);
    assertThat(refusal("/bin/true", file.resolve("below"))).isEqualTo(Kind.WORKDIR_NOT_FOLDER);
    assertThat(refusal(folder.resolve("missing").toString(), folder))
        .isEqualTo(Kind.PROGRAM_MISSING);
    assertThat(refusal(folder.toString(), folder)).isEqualTo(Kind.PROGRAM_MISSING);
    assertThat(refusal(file.toString(), folder)).isEqualTo(Kind.PROGRAM_MISSING);
    assertThat(refusal(script.toString(), folder)).isEqualTo(Kind.FAILED);
    assertThat(refusal(garbage.toString(), folder)).isEqualTo(Kind.FAILED);
  }

  private Kind refusal(String program, Path workdir) {
    return refusal(new TerminalSpec(List.of(program), Map.of(), workdir, new Size(24, 80)));
  }

  private Kind refusal(TerminalSpec spec) {
    final Recorder recorder = new Recorder();
    try {
      start(spec, recorder);
    } catch (TerminalStartException e) {
      assertThat(recorder.hasExited()).isFalse();
      return e.kind();
    }
    throw new AssertionError("started: " + spec.command() + " in " + spec.workdir());
  }

  private static byte[] allBytes() {
    final byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    return all;
  }

  private static String octal() {
    final StringBuilder octal = new StringBuilder();
    for (int i = 0; i < 256; i++) {
      octal.append(String.format("\\%03o", i));
    }
    return octal.toString();
  }

  private static byte[] random(int count) {
    final long seed = System.nanoTime();
    System.out.println("seed " + seed);
    final byte[] bytes = new byte[count];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}
