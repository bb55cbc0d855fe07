package dev.cleat.server.terminal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a server passes on of the conditions that it was itself started under: nothing. */
final class ServerConditionsTest {
  private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";

  @ParameterizedTest
  @EnumSource
  void ignoredSignalsAndAMissingLocaleAreNotInherited(Implementation implementation)
      throws Exception {
    final String seen =
        probe(
            "trap '' HUP INT QUIT USR1 PIPE ALRM TERM TSTP TTIN TTOU CHLD",
            NATIVE,
            "children",
            implementation);
    assertThat(seen)
        .containsPattern("SigBlk:\t0{16}")
        // But for 32 and 33, which are the C library's own and out of a program's reach.
        .containsPattern("SigIgn:\t0{7}[01][08]0{7}")
        .contains("encoding=true")
        .contains("exit=Code[code=3]");
    if (implementation.isTty()) {
      assertThat(seen).as("the first start of a server").contains("size=7 77");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aServerOutOfDescriptorsSaysSoAndRecovers(Implementation implementation) throws Exception {
    assertThat(probe("ulimit -n 200", NATIVE, "exhaust", implementation))
        .containsPattern("refused=NO_PTY: .*file descriptors")
        .contains("again=works")
        .contains("zombies=[]");
  }

  @ParameterizedTest
  @EnumSource
  void withoutNativeAccessTheFactorySaysWhatToDo(Implementation implementation) throws Exception {
    assertThat(probe(":", "--illegal-native-access=deny", "children", implementation))
        .contains("IllegalStateException")
        .contains(NATIVE);
  }

  @Test
  void otherMachinesAreRefused() {
    assertThatThrownBy(() -> NativeSupport.checkPlatform("Mac OS X", "aarch64"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("Mac OS X");
    assertThatThrownBy(() -> NativeSupport.checkPlatform("Linux", "riscv64"))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void refusalsSayWhatRanOut() {
    assertThat(Refusal.noDescriptor(-Libc.ENOSPC)).hasMessageContaining("kernel.pty.max");
    assertThat(Refusal.noDescriptor(-Libc.ENFILE)).hasMessageContaining("fs.file-max");
    assertThat(Refusal.noDescriptor(-Libc.EMFILE)).hasMessageContaining("ulimit -n");
    assertThat(Refusal.workdir(Implementation.spec("/bin/true"), -Libc.EACCES).kind())
        .isEqualTo(TerminalStartException.Kind.WORKDIR_NOT_PERMITTED);
  }

  private static String probe(
      String before, String access, String what, Implementation implementation)
      throws IOException, InterruptedException {
    final List<String> command = new ArrayList<>();
    command.addAll(List.of("/bin/sh", "-c", before + "; exec \"$@\"", "sh"));
    command.add(System.getProperty("java.home") + "/bin/java");
    command.addAll(List.of(access, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.add("-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Probe.class.getName(), what, implementation.name()));
    final ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C");
    final Process process = builder.start();
    final String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output;
  }
}
