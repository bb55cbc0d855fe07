package dev.cleat.e2e.image;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives the tests of this package the image as {@link Containers}: built from Debian's packages and
 * the jars of this build when the first of them asks, and removed after the last.
 */
final class BuiltImage implements ParameterResolver {
  /** Its name. */
  static final String NAME = "localhost/cleat";

  private static final Path ROOT = Path.of(System.getProperty("cleat.root", "."));

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType().equals(Containers.class);
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return context
        .getRoot()
        .getStore(Namespace.create(BuiltImage.class))
        .computeIfAbsent(Built.class, _ -> Built.now(), Built.class)
        .containers();
  }

  /** The store that it is in, closed by JUnit. */
  private record Built(Path folder, Containers containers) implements AutoCloseable {
    static Built now() {
      try {
        Path folder = Files.createTempDirectory("image");
        Containers containers = Containers.in(folder);
        build(containers);
        return new Built(folder, containers);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static void build(Containers containers) throws IOException {
      List<String> base = new ArrayList<>(List.of(script("base"), NAME + "-base"));
      base.addAll(containers.store());
      containers.run(base).ok();
      List<String> build =
          new ArrayList<>(
              List.of(
                  script("build"),
                  "--packaged",
                  "--base",
                  NAME + "-base",
                  "--tag",
                  NAME,
                  "buildah"));
      build.addAll(containers.store());
      containers.run(build).ok();
    }

    private static String script(String name) {
      return ROOT.resolve("src/image").resolve(name).toString();
    }

    @Override
    public void close() throws IOException {
      containers.close();
      try (Stream<Path> left = Files.walk(folder)) {
        for (Path path : left.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }
}
