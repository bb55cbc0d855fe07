package dev.cleat.server.auth;

import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyType;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.jwk.source.URLBasedJWKSetSource;
import dev.cleat.server.yaml.Problem;
import dev.cleat.server.yaml.WatchedFile;
import dev.cleat.server.yaml.WrongFileException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the public keys of JWTs come from. What is fetched is kept for {@link #KEEP}, and for as
 * long as nothing can be fetched; a key that is not known is looked for at once, but no more than
 * twice in {@link #BETWEEN_FETCHES}. Thread-safe.
 */
sealed interface JwtKeys extends JWKSource<KeyWait> {
  /** Those that are known now: another object when there are others. */
  JWKSet known();

  /** How long they count after they were fetched, also for a JWT that was checked last of all. */
  Duration KEEP = Duration.ofMinutes(5);

  /** In this time, no more than twice. */
  Duration BETWEEN_FETCHES = Duration.ofSeconds(10);

  /** How long an endpoint has for its answer. */
  Duration PATIENCE = Duration.ofSeconds(3);

  /**
   * Those of a file or of an endpoint.
   *
   * @param place a path, or a URL
   * @throws WrongFileException if it is a file that cannot be read or has mistakes
   */
  static JwtKeys of(String place, LongSupplier nanoTime) throws WrongFileException {
    return place.contains("://")
        ? ofEndpoint(URI.create(place), KEEP.minus(SeenJwts.FRESH), BETWEEN_FETCHES, PATIENCE)
        : ofFile(Path.of(place), nanoTime);
  }

  /**
   * Those of a JWKS file, read again when it has changed.
   *
   * @throws WrongFileException if it cannot be read or has mistakes
   */
  static JwtKeys ofFile(Path file, LongSupplier nanoTime) throws WrongFileException {
    return new Filed(new WatchedFile<>("the keys of JWTs", file, JwtKeys::read, nanoTime));
  }

  private static JWKSet read(String file, String text) throws WrongFileException {
    final JWKSet keys;
    try {
      keys = JWKSet.parse(text);
    } catch (ParseException e) {
      throw new WrongFileException(
          List.of(new Problem(file, 0, "", "is not a JWKS: " + e.getMessage())));
    }
    final List<Problem> problems = new ArrayList<>();
    for (int i = 0; i < keys.size(); i++) {
      final JWK key = keys.getKeys().get(i);
      if (key.isPrivate() || key.getKeyType().equals(KeyType.OCT)) {
        problems.add(
            new Problem(
                file,
                0,
                "keys[" + i + "]",
                "is private; whoever checks JWTs needs public keys only, and nobody else's"));
      }
    }
    if (keys.isEmpty()) {
      problems.add(new Problem(file, 0, "keys", "must not be empty"));
    }
    if (!problems.isEmpty()) {
      throw new WrongFileException(problems);
    }
    return keys;
  }

  /** Those that an endpoint publishes; it may be out of reach, also now. */
  static JwtKeys ofEndpoint(
      URI endpoint, Duration keep, Duration betweenFetches, Duration patience) {
    final Fetcher fetcher = new Fetcher(endpoint, patience);
    return new Fetched(
        fetcher,
        JWKSourceBuilder.create(fetcher)
            .cache(keep.toMillis(), patience.multipliedBy(2).toMillis())
            .refreshAheadCache(false)
            .rateLimited(betweenFetches.toMillis())
            .outageTolerantForever()
            .build());
  }

  /** Those of a file. */
  record Filed(WatchedFile<JWKSet> file) implements JwtKeys {
    @Override
    public JWKSet known() {
      return file.contents();
    }

    @Override
    public List<JWK> get(JWKSelector selector, KeyWait wait) {
      return selector.select(known());
    }
  }

  /** Those of an endpoint. */
  record Fetched(Fetcher fetcher, JWKSource<KeyWait> source) implements JwtKeys {
    @Override
    public JWKSet known() {
      return fetcher.last;
    }

    @Override
    public List<JWK> get(JWKSelector selector, KeyWait wait) throws KeySourceException {
      return wait == KeyWait.ALLOWED ? source.get(selector, wait) : selector.select(known());
    }
  }

  /** Fetches, and remembers what it fetched last. */
  final class Fetcher implements JWKSetSource<KeyWait> {
    private static final Logger LOG = LoggerFactory.getLogger(JwtKeys.class);

    private final URI endpoint;
    private final JWKSetSource<KeyWait> source;
    private volatile JWKSet last = new JWKSet();

    private Fetcher(URI endpoint, Duration patience) {
      this.endpoint = endpoint;
      try {
        this.source = new URLBasedJWKSetSource<>(endpoint.toURL(), new KeyDownload(patience));
      } catch (IOException e) {
        throw new IllegalArgumentException(e);
      }
    }

    @Override
    public JWKSet getJWKSet(JWKSetCacheRefreshEvaluator refresh, long now, KeyWait wait)
        throws KeySourceException {
      try {
        final JWKSet keys = source.getJWKSet(refresh, now, wait);
        last = keys;
        return keys;
      } catch (KeySourceException e) {
        LOG.warn(
            "The keys of JWTs cannot be fetched from {}, and stay as they were: {}",
            endpoint,
            e.getMessage());
        throw e;
      }
    }

    @Override
    public void close() throws IOException {
      source.close();
    }
  }
}
