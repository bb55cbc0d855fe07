package dev.cleat.cli;

import dev.cleat.client.CleatClient;
import dev.cleat.client.QuotaInfo;
import dev.cleat.v1.Quota;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code cleat quotas}. */
@Command(name = "quotas", description = "Show how much your tenant has, and may have.")
final class QuotasCommand implements Callable<Integer> {
  private final Streams streams;

  @Mixin private final FormatOption format = new FormatOption();
  @Mixin private final ServerOption server = new ServerOption();

  QuotasCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() {
    try (CleatClient client = server.connect()) {
      List<QuotaInfo> quotas = client.quotas();
      if (format.json()) {
        quotas.forEach(quota -> streams.line(Json.of(raw(quota))));
      } else {
        Table table = new Table("QUOTA", "USED", "LIMIT");
        quotas.forEach(
            quota -> table.add(quota.name(), orDash(quota.used()), orDash(quota.limit())));
        table.print(streams);
      }
      return ExitCode.DONE;
    }
  }

  private static Quota raw(QuotaInfo quota) {
    Quota.Builder raw = Quota.newBuilder().setName(quota.name());
    quota.used().ifPresent(raw::setUsed);
    quota.limit().ifPresent(raw::setLimit);
    return raw.build();
  }

  private static String orDash(OptionalLong number) {
    return number.isEmpty() ? "-" : Long.toString(number.getAsLong());
  }
}
