package dev.cleat.server.store;

import java.sql.SQLException;
import java.util.Optional;

/** The SQL of the server's values, in a transaction. */
record MetaTable(SqlConnection sql) {
  Optional<byte[]> get(String name) throws SQLException {
    return sql.find("SELECT content FROM meta WHERE name = ?", row -> row.getBytes(1), name);
  }

  void put(MetaRow... rows) throws SQLException {
    for (MetaRow row : rows) {
      sql.update(
          """
          INSERT INTO meta (name, content) VALUES (?, ?)
          ON CONFLICT (name) DO UPDATE SET content = excluded.content\
          """,
          row.name(),
          row.content());
    }
  }
}
