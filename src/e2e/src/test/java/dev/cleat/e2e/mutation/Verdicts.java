package dev.cleat.e2e.mutation;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Pattern;

/**
 * What is to be said of how calls ended: how often each way, and which was wrong. Safe for use by
 * any thread.
 */
public final class Verdicts {
  /** More would say no more. */
  private static final int KEPT = 50;

  /** What shows the inside of a server. */
  private static final Pattern INSIDE =
      Pattern.compile(
          "\\b(java|javax|io\\.grpc|io\\.netty|dev\\.cleat|jdk)\\.\\w|Exception|\\tat |\\.java:");

  private final String data;
  private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();
  private final Map<String, LongAdder> methods = new ConcurrentHashMap<>();
  private final Set<String> complained = ConcurrentHashMap.newKeySet();
  private final Queue<String> complaints = new ConcurrentLinkedQueue<>();

  /** No message may name this folder. */
  public Verdicts(String data) {
    this.data = data;
  }

  void judge(Outcome outcome) {
    methods
        .computeIfAbsent(outcome.served().rpc().getFullMethodName(), none -> new LongAdder())
        .increment();
    try {
      judge(outcome, outcome.status());
    } catch (InvalidProtocolBufferException e) {
      complain(outcome, "details that are none: " + e);
    }
  }

  private void judge(Outcome outcome, Status status) throws InvalidProtocolBufferException {
    ErrorInfo info = ErrorInfo.getDefaultInstance();
    com.google.rpc.Status details = StatusProto.fromStatusAndTrailers(status, outcome.trailers());
    for (Any detail : details == null ? List.<Any>of() : details.getDetailsList()) {
      if (detail.is(ErrorInfo.class)) {
        info = detail.unpack(ErrorInfo.class);
      }
    }
    count(status.getCode() + (info.getReason().isEmpty() ? "" : " " + info.getReason()));
    String shown = status.getDescription() + " " + details;
    if (shown.contains(data) || INSIDE.matcher(shown).find()) {
      complain(outcome, "it shows the inside of the server");
    }
    switch (status.getCode()) {
      case INTERNAL, UNKNOWN, DATA_LOSS -> complain(outcome, "a defect");
      case UNAVAILABLE -> complain(outcome, "it was available all the time");
      case UNIMPLEMENTED -> require(outcome, Outcome.Expected.NO_METHOD);
      case DEADLINE_EXCEEDED, CANCELLED -> require(outcome, Outcome.Expected.CUT);
      case OK -> {}
      default -> {
        if (outcome.served().isOurs() && info.getReason().isEmpty()) {
          complain(outcome, "no ErrorInfo");
        }
      }
    }
  }

  private void require(Outcome outcome, Outcome.Expected expected) {
    // A call of a method that there is not may be cut too.
    if (outcome.expected() == Outcome.Expected.ANSWER
        || (expected == Outcome.Expected.NO_METHOD && outcome.expected() != expected)) {
      complain(outcome, "nobody wanted that");
    }
  }

  private void count(String what) {
    counts.computeIfAbsent(what, none -> new LongAdder()).increment();
  }

  private void complain(Outcome outcome, String what) {
    String method = outcome.served().rpc().getFullMethodName();
    // The same again says no more.
    if (complaints.size() < KEPT && complained.add(method + what + outcome.status().getCode())) {
      complaints.add(
          "call %d, %s: %s: %s".formatted(outcome.number(), method, what, outcome.status()));
    }
  }

  /** A call did not even end. */
  void neverEnded(long number, Served served) {
    complaints.add("call %d, %s: no end".formatted(number, served.rpc().getFullMethodName()));
  }

  /** A call could not be made. */
  public void failed(long number, Exception failure) {
    complaints.add("call " + number + ": " + failure);
  }

  /** What was wrong, the first of it. */
  public List<String> complaints() {
    return List.copyOf(complaints);
  }

  /** How often calls ended in each way. */
  public Map<String, Long> counts() {
    return sums(counts);
  }

  /** How often each method was called. */
  public Map<String, Long> methods() {
    return sums(methods);
  }

  private static Map<String, Long> sums(Map<String, LongAdder> adders) {
    Map<String, Long> sums = new TreeMap<>();
    adders.forEach((key, adder) -> sums.put(key, adder.sum()));
    return sums;
  }
}
