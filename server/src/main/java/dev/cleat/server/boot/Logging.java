package dev.cleat.server.boot;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.Context;
import ch.qos.logback.core.OutputStreamAppender;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;
import org.slf4j.event.Level;

/** One log for all, gRPC included. */
final class Logging {
  private Logging() {}

  static void start(Level level, LogFormat format) {
    if (!SLF4JBridgeHandler.isInstalled()) {
      SLF4JBridgeHandler.removeHandlersForRootLogger();
      SLF4JBridgeHandler.install();
    }
    if (LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME) instanceof Logger root) {
      root.setLevel(ch.qos.logback.classic.Level.convertAnSLF4JLevel(level));
      if (format == LogFormat.JSON) {
        root.iteratorForAppenders().forEachRemaining(Logging::writeJson);
      }
    }
  }

  private static void writeJson(Appender<ILoggingEvent> appender) {
    if (appender instanceof OutputStreamAppender<ILoggingEvent> stream) {
      stream.stop();
      stream.setEncoder(json(stream.getContext()));
      stream.start();
    }
  }

  /** Writes lines as JSON. */
  static JsonEncoder json(Context context) {
    final JsonEncoder json = new JsonEncoder();
    json.setContext(context);
    json.setWithSequenceNumber(false);
    json.setWithNanoseconds(false);
    json.setWithContext(false);
    json.setWithMessage(false);
    json.setWithArguments(false);
    json.setWithFormattedMessage(true);
    json.start();
    return json;
  }
}
