package dev.cleat.server;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Nothing imports upwards: what each package of the server may know of the others. */
class DependencyDirectionTest {
  private static final String SERVER = "dev.cleat.server.";

  /** Package to the packages of ours it may use, besides itself and the contract. */
  private static final Map<String, List<String>> MAY_USE =
      Map.of(
          "boot", List.of("rpc", "session", "reader", "tool", "terminal", "journal", "store"),
          "rpc", List.of("session", "reader", "tool", "terminal", "journal", "store"),
          "session", List.of("reader", "tool", "terminal", "journal", "store"),
          "reader", List.of("journal"),
          "tool", List.of(),
          "terminal", List.of(),
          "journal", List.of(),
          "store", List.of());

  private static final JavaClasses OURS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.cleat");

  static Stream<String> packages() {
    return MAY_USE.keySet().stream().sorted();
  }

  @ParameterizedTest
  @MethodSource("packages")
  void nothingImportsUpwards(String name) {
    String[] allowed =
        Stream.concat(
                Stream.of("dev.cleat.v1..", SERVER + name + ".."),
                MAY_USE.get(name).stream().map(other -> SERVER + other + ".."))
            .toArray(String[]::new);

    classes()
        .that()
        .resideInAPackage(SERVER + name + "..")
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(allowed)
                .or(resideOutsideOfPackages("dev.cleat.."))
                .as("are of %s, or not ours", Arrays.toString(allowed)))
        .allowEmptyShould(true)
        .check(OURS);
  }
}
