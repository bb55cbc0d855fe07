package dev.cleat.server.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Script;

/** The versions of the schema, each made from the one before by a script beside this class. */
final class Schema {
  /** The script at index n makes version n + 1. A script that was released is never changed. */
  private static final List<String> MIGRATIONS = List.of("001-initial.sql");

  static final int VERSION = MIGRATIONS.size();

  private Schema() {}

  /** Makes the present schema in an empty database. */
  static void create(Handle handle) {
    handle.useTransaction(transaction -> {
      transaction.execute("CREATE TABLE schema_version (version INTEGER NOT NULL)");
      transaction.execute("INSERT INTO schema_version (version) VALUES (0)");
      migrate(transaction, 0);
    });
  }

  /**
   * Brings the schema of a database that was there up to the present version.
   *
   * @throws StoreUnreadableException if it is not ours, or of a newer version
   */
  static void upgrade(Handle handle, Path file) {
    if (!Sqlite.tableExists(handle, "schema_version")) {
      throw new StoreUnreadableException(
          "%s is a database, but not one of Cleat's: it has no schema version".formatted(file));
    }
    int version =
        handle.createQuery("SELECT version FROM schema_version").mapTo(Integer.class).one();
    if (version > VERSION) {
      throw new StoreUnreadableException(
          "%s was written by a newer version of Cleat: its schema is %d, this version knows up to %d"
              .formatted(file, version, VERSION));
    }
    if (version < VERSION) {
      handle.useTransaction(transaction -> migrate(transaction, version));
    }
  }

  private static void migrate(Handle handle, int version) {
    for (String migration : MIGRATIONS.subList(version, VERSION)) {
      try (Script script = handle.createScript(read(migration))) {
        Sqlite.TYPES.forEach(script::define);
        script.execute();
      }
    }
    handle
        .createUpdate("UPDATE schema_version SET version = :version")
        .bind("version", VERSION)
        .execute();
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
