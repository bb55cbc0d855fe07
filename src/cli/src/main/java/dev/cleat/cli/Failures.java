package dev.cleat.cli;

import dev.cleat.client.CleatException;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns whatever went wrong into one line with the fix, and an exit code. */
final class Failures {
  private final Streams streams;
  private final boolean debug;

  Failures(Streams streams) {
    this.streams = streams;
    String wanted = System.getenv("CLEAT_DEBUG");
    this.debug = wanted != null && !wanted.isEmpty() && !wanted.equals("0");
  }

  /** The command line is not one. */
  int wrongUsage(ParameterException failure, String[] args) {
    CommandSpec command = failure.getCommandLine().getCommandSpec();
    say(failure, usage(failure) + " (see " + command.qualifiedName() + " --help)");
    return ExitCode.WRONG_USAGE;
  }

  /** The command failed. */
  int failed(Exception failure, CommandLine line, ParseResult parsed) {
    return report(failure, line.getCommandSpec());
  }

  private int report(Throwable failure, CommandSpec command) {
    return switch (failure) {
      case CompletionException e when e.getCause() != null -> report(e.getCause(), command);
      case OutputClosedException e -> {
        // As usual for a pipe whose reader has left: no message.
        if (debug) {
          say(e, e.getMessage());
        }
        yield ExitCode.FAILED;
      }
      case CliException e -> {
        say(e, e.getMessage());
        yield e.exitCode();
      }
      case StatusRuntimeException e -> server(CleatException.of(e), command);
      case CleatException e
          when e.reason().equals(CleatException.LISTENER_FAILED) && e.getCause() != null ->
          report(e.getCause(), command);
      case CleatException e -> server(e, command);
      default -> {
        say(failure, failure + "; CLEAT_DEBUG=1 shows where");
        yield ExitCode.FAILED;
      }
    };
  }

  private int server(CleatException failure, CommandSpec command) {
    if (!noContact(failure)) {
      say(failure, words(failure, command));
      return failure.code() == CleatException.Code.INVALID_ARGUMENT
          ? ExitCode.WRONG_USAGE
          : ExitCode.FAILED;
    }
    CommandSpec mixin = command.mixins().get(ServerOption.NAME);
    @Nullable ServerOption server =
        mixin != null && mixin.userObject() instanceof ServerOption option ? option : null;
    String target = server == null ? "?" : server.target();
    if (server != null
        && server.reached()
        && failure.code() == CleatException.Code.DEADLINE_EXCEEDED) {
      say(
          failure,
          "the server at %s has not answered in time; it may still do what it was asked for"
              .formatted(target));
      return ExitCode.FAILED;
    }
    say(
        failure,
        "cannot reach the server at %s (%s); is it running? start it with ./cleat serve"
            .formatted(target, cause(failure)));
    return ExitCode.UNREACHABLE;
  }

  /** What of a chain of messages says most: the end, such as {@code Connection refused}. */
  private static String cause(CleatException failure) {
    String message = oneLine(failure.getMessage());
    return message.substring(message.lastIndexOf(": ") + 1).strip();
  }

  /** True when it was not Cleat that answered. */
  private static boolean noContact(CleatException failure) {
    boolean silent = failure.reason().isEmpty() || failure.reason().equals(CleatException.SILENT);
    return silent
        && switch (failure.code()) {
          case UNAVAILABLE, DEADLINE_EXCEEDED, UNKNOWN, INTERNAL, UNIMPLEMENTED -> true;
          default -> false;
        };
  }

  /** The server's words; with the fix in the words of the command line where those differ. */
  private static String words(CleatException failure, CommandSpec command) {
    if (failure.code() == CleatException.Code.INVALID_ARGUMENT && !failure.violations().isEmpty()) {
      return failure.violations().stream()
          .map(violation -> violation.field() + ": " + violation.description())
          .collect(Collectors.joining("; "));
    }
    String fix =
        switch (failure.reason()) {
          case "UNKNOWN_TOOL", "TOOL_NOT_INSTALLED" -> "cleat tools lists the tools";
          case "NAME_TAKEN" ->
              command.findOption("--get-or-create") == null
                  ? "choose another --name"
                  : "choose another --name, or take that session with --get-or-create";
          case "SESSION_RUNNING" -> "stop it first, or say --force";
          case "CHILDREN_RUNNING" -> "stop them first, or say --force";
          case "BUSY" -> "wait, or say --busy queue";
          case "APPROVAL_NOT_FOUND", "APPROVAL_RESOLVED" ->
              "cleat approvals lists the questions that wait";
          case "NO_SUCH_WAY" -> "without --way, the best that the tool has is taken";
          case "NO_IMAGES" -> "leave --image out";
          case "TURN_NOT_FOUND" -> "cleat turns lists the turns of a session";
          case "UNAUTHENTICATED" ->
              "say who you are with --token-file, CLEAT_TOKEN, or --cert and --key; it may have"
                  + " expired";
          default -> "";
        };
    String message = oneLine(failure.getMessage());
    if (fix.isEmpty()) {
      return message;
    }
    int end = message.indexOf("; ");
    return (end < 0 ? message : message.substring(0, end)) + "; " + fix;
  }

  private static String usage(ParameterException failure) {
    String message = oneLine(failure.getMessage());
    if (failure instanceof UnmatchedArgumentException unmatched
        && failure.getCommandLine().getParent() == null
        && !unmatched.isUnknownOption()) {
      return "there is no command '%s'%s"
          .formatted(
              unmatched.getUnmatched().getFirst(),
              unmatched.getSuggestions().stream()
                  .findFirst()
                  .map("; did you mean %s?"::formatted)
                  .orElse(""));
    }
    if (failure instanceof UnmatchedArgumentException unmatched
        && unmatched.isUnknownOption()
        && failure.getCommandLine().getCommandName().equals("new")) {
      return message + "; what is meant for the tool comes after --";
    }
    return message;
  }

  private void say(Throwable failure, @Nullable String message) {
    streams.note("cleat: " + oneLine(message));
    if (debug) {
      StringWriter trace = new StringWriter();
      failure.printStackTrace(new PrintWriter(trace));
      streams.note(trace.toString());
    }
  }

  private static String oneLine(@Nullable String text) {
    return text == null ? "unknown" : text.strip().replaceAll("\\s*\\R\\s*", "; ");
  }
}
