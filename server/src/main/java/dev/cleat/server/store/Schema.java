package dev.cleat.server.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;

/** The versions of the schema, each made from the one before by a script beside this class. */
final class Schema {
  /** The script at index n makes version n + 1. A script that was released is never changed. */
  private static final List<String> MIGRATIONS =
      List.of("001-initial.sql", "002-artifacts.sql", "003-resume-token.sql", "004-tenants.sql");

  static final int VERSION = MIGRATIONS.size();

  private Schema() {}

  /** Makes the present schema in an empty database. */
  static void create(SqlConnection sql) throws SQLException {
    sql.execute("CREATE TABLE schema_version (version INTEGER NOT NULL)");
    sql.execute("INSERT INTO schema_version (version) VALUES (0)");
    migrate(sql, 0);
  }

  /**
   * Brings the schema of a database that was there up to the present version.
   *
   * @param sql without the rule that rows are deleted with those they refer to: a table is changed
   *     by making another in its place
   * @throws StoreUnreadableException if it is not ours, or of a newer version
   */
  static void upgrade(SqlConnection sql, Path file) throws SQLException {
    if (!Sqlite.tableExists(sql, "schema_version")) {
      throw new StoreUnreadableException(
          "%s is a database, but not one of Cleat's: it has no schema version".formatted(file));
    }
    int version = (int) sql.number("SELECT version FROM schema_version");
    if (version > VERSION) {
      throw new StoreUnreadableException(
          "%s was written by a newer version of Cleat: its schema is %d, this version knows up to %d"
              .formatted(file, version, VERSION));
    }
    migrate(sql, version);
  }

  /** Writes in any case, which shows whether the file may be written. */
  private static void migrate(SqlConnection sql, int version) throws SQLException {
    for (String migration : MIGRATIONS.subList(version, VERSION)) {
      for (String statement : Sqlite.typed(read(migration)).split(";\n", -1)) {
        if (!statement.isBlank()) {
          sql.execute(statement);
        }
      }
    }
    sql.update("UPDATE schema_version SET version = ?", VERSION);
    if (version < VERSION && !Sqlite.referencesHold(sql)) {
      throw new IllegalStateException("the schema's scripts have left rows without their session");
    }
  }

  private static String read(String resource) {
    try (InputStream in = Schema.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("The program lacks " + resource);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
