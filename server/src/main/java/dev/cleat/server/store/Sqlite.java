package dev.cleat.server.store;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** All that is particular to SQLite: connections, column types, error codes, checks of the file. */
final class Sqlite {
  /** What an SQLite database begins with. */
  static final String MAGIC = "SQLite format 3\0";

  /** What belongs to a database beside its file. */
  static final String[] COMPANIONS = {"-wal", "-shm", "-journal"};

  /** Two processes never share the file for long; this covers a backup that looks at it. */
  private static final int BUSY_TIMEOUT_MILLIS = 5_000;

  private Sqlite() {}

  /** Opens a connection whose transactions take the write lock at their beginning. */
  static SqlConnection openForWriting(Path file) throws SQLException {
    return open(writing(true), file);
  }

  private static SQLiteConfig writing(boolean foreignKeys) {
    SQLiteConfig config = config();
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    // With the log, a commit survives the process without an fsync; a crash of the machine may lose
    // the last ones whole, and the journal knows better then.
    config.setSynchronous(SQLiteConfig.SynchronousMode.NORMAL);
    config.setTransactionMode(SQLiteConfig.TransactionMode.IMMEDIATE);
    config.enforceForeignKeys(foreignKeys);
    return config;
  }

  /**
   * Opens a connection that changes the schema: a table that is dropped takes no rows of others
   * along.
   */
  static SqlConnection openForUpgrade(Path file) throws SQLException {
    return open(writing(false), file);
  }

  /** Opens a connection that cannot write; needs one for writing that is open. */
  static SqlConnection openForReading(Path file) throws SQLException {
    SQLiteConfig config = config();
    config.setReadOnly(true);
    return open(config, file);
  }

  private static SQLiteConfig config() {
    SqliteLibrary.load();
    SQLiteConfig config = new SQLiteConfig();
    config.setBusyTimeout(BUSY_TIMEOUT_MILLIS);
    return config;
  }

  private static SqlConnection open(SQLiteConfig config, Path file) throws SQLException {
    // As a URI, because a plain path ends at its first question mark.
    return new SqlConnection(
        config.createConnection("jdbc:sqlite:" + file.toAbsolutePath().toUri()));
  }

  /** A script of the schema with this database's types in it. */
  static String typed(String script) {
    return script.replace("<text>", "TEXT").replace("<bytes>", "BLOB");
  }

  static boolean tableExists(SqlConnection sql, String table) throws SQLException {
    return sql.number("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?", table)
        > 0;
  }

  /** Whether every row is there that another refers to. */
  static boolean referencesHold(SqlConnection sql) throws SQLException {
    return sql.list("PRAGMA foreign_key_check", row -> row.getString(1)).isEmpty();
  }

  /** Looks at every page: what is wrong with the structure of the file, or "ok". */
  static String check(SqlConnection sql) throws SQLException {
    return sql.find("PRAGMA quick_check(1)", row -> row.getString(1)).orElseThrow();
  }

  /** The exception that says what kind of failure this was. */
  static StoreException failure(Path file, SQLException cause) {
    String why = cause.getMessage();
    return switch (primaryCode(cause)) {
      case SQLITE_CORRUPT, SQLITE_NOTADB ->
          new StoreUnreadableException(
              "%s cannot be read as a database: %s".formatted(file, why), cause);
      case SQLITE_FULL ->
          new StoreFullException("The disk is full; %s was not changed".formatted(file), cause);
      case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM ->
          new StoreUnwritableException("%s cannot be written: %s".formatted(file, why), cause);
      default -> new StoreException("%s: %s".formatted(file, why), cause);
    };
  }

  /** The code without its details: those are in its upper bytes. */
  private static SQLiteErrorCode primaryCode(SQLException cause) {
    if (!(cause instanceof SQLiteException sqlite)) {
      return SQLiteErrorCode.UNKNOWN_ERROR;
    }
    SQLiteErrorCode code = sqlite.getResultCode();
    return switch (code) {
      // What a full disk looks like when the index of the log cannot grow.
      case SQLITE_IOERR_SHMSIZE -> SQLiteErrorCode.SQLITE_FULL;
      default -> PRIMARY.getOrDefault(code.code & 0xff, code);
    };
  }

  private static final Map<Integer, SQLiteErrorCode> PRIMARY = primaryCodes();

  private static Map<Integer, SQLiteErrorCode> primaryCodes() {
    Map<Integer, SQLiteErrorCode> codes = new HashMap<>();
    for (SQLiteErrorCode code : SQLiteErrorCode.values()) {
      if (code.code >= 0 && code.code <= 0xff) {
        codes.put(code.code, code);
      }
    }
    return Map.copyOf(codes);
  }
}
