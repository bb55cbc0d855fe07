package dev.cleat.server.store;

import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** The SQL of the server's values, in a transaction. */
record MetaTable(Handle handle) {
  Optional<byte[]> get(String name) {
    return handle
        .createQuery("SELECT content FROM meta WHERE name = :name")
        .bind("name", name)
        .mapTo(byte[].class)
        .findOne();
  }

  void put(MetaRow... rows) {
    for (MetaRow row : rows) {
      handle
          .createUpdate(
              """
              INSERT INTO meta (name, content) VALUES (:name, :content)
              ON CONFLICT (name) DO UPDATE SET content = excluded.content\
              """)
          .bind("name", row.name())
          .bind("content", row.content())
          .execute();
    }
  }
}
