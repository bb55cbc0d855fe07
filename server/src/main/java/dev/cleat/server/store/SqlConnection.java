package dev.cleat.server.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * SQL over JDBC in few words: a statement with its values in, rows out. Statements are prepared
 * once and kept. A library for this was measured: it doubled the time to open the store and tripled
 * the time to save a thousand sessions.
 *
 * <p>For one thread at a time.
 */
final class SqlConnection implements AutoCloseable {
  /** Makes something of the row at which a result is. */
  @FunctionalInterface
  interface RowMapper<T> {
    T map(ResultSet row) throws SQLException;
  }

  /** What is done in a transaction. */
  @FunctionalInterface
  interface Work<T> {
    T on(SqlConnection connection) throws SQLException;
  }

  private static final int KEPT_STATEMENTS = 64;

  private final Connection connection;

  /** The one that was not used for the longest time first. */
  private final Map<String, PreparedStatement> statements = new LinkedHashMap<>(16, 0.75f, true);

  SqlConnection(Connection connection) {
    this.connection = connection;
  }

  /** Does the work in a transaction and commits it. After a failure see {@link #recover}. */
  <T> T inTransaction(Work<T> work) throws SQLException {
    connection.setAutoCommit(false);
    T result = work.on(this);
    connection.commit();
    connection.setAutoCommit(true);
    return result;
  }

  /**
   * Ends the transaction that failed. After some failures, a full disk among them, SQLite has done
   * so by itself, and says that there is none to end.
   *
   * @param why gets what goes wrong here
   * @return whether the connection is good for another transaction
   */
  boolean recover(Exception why) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      why.addSuppressed(e);
    }
    try {
      connection.setAutoCommit(true);
    } catch (SQLException e) {
      why.addSuppressed(e);
    }
    try {
      connection.setAutoCommit(false);
      connection.setAutoCommit(true);
      return true;
    } catch (SQLException e) {
      why.addSuppressed(e);
      return false;
    }
  }

  /** All rows. */
  <T> List<T> list(String sql, RowMapper<T> mapper, @Nullable Object... values)
      throws SQLException {
    try (ResultSet rows = bound(sql, values).executeQuery()) {
      List<T> list = new ArrayList<>();
      while (rows.next()) {
        list.add(mapper.map(rows));
      }
      return list;
    }
  }

  /**
   * The first rows: at most so many, and no more than have so many bytes together, but one at
   * least. What is behind the next one is not read.
   */
  <T> Page<T> page(
      int limit,
      long bytes,
      ToLongFunction<? super T> size,
      String sql,
      RowMapper<T> mapper,
      @Nullable Object... values)
      throws SQLException {
    try (ResultSet rows = bound(sql, values).executeQuery()) {
      List<T> page = new ArrayList<>();
      long left = bytes;
      while (rows.next()) {
        T row = mapper.map(rows);
        left -= size.applyAsLong(row);
        if (!page.isEmpty() && (page.size() == limit || left < 0)) {
          return new Page<>(page, true);
        }
        page.add(row);
      }
      return new Page<>(page, false);
    }
  }

  /** The only row, if there is one. */
  <T> Optional<T> find(String sql, RowMapper<T> mapper, @Nullable Object... values)
      throws SQLException {
    return list(sql, mapper, values).stream().findFirst();
  }

  /** The number in the only row. */
  long number(String sql, @Nullable Object... values) throws SQLException {
    return find(sql, row -> row.getLong(1), values).orElseThrow();
  }

  /** Changes rows, and says how many. */
  int update(String sql, @Nullable Object... values) throws SQLException {
    return bound(sql, values).executeUpdate();
  }

  /** Runs a statement that is needed once. */
  void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private PreparedStatement bound(String sql, @Nullable Object... values) throws SQLException {
    PreparedStatement statement = statements.get(sql);
    if (statement == null) {
      statement = connection.prepareStatement(sql);
      statements.put(sql, statement);
      forgetEldest();
    }
    for (int i = 0; i < values.length; i++) {
      statement.setObject(i + 1, values[i]);
    }
    return statement;
  }

  private void forgetEldest() throws SQLException {
    if (statements.size() > KEPT_STATEMENTS) {
      var eldest = statements.entrySet().iterator();
      PreparedStatement statement = eldest.next().getValue();
      eldest.remove();
      statement.close();
    }
  }

  /** Rolls back what is under way. */
  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
