package dev.cleat.server;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleName;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What each package of the server may know of the others. */
class DependencyDirectionTest {
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
          .importPackages("dev.cleat.server");

  static Stream<Arguments> packages() {
    return MAY_USE.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(entry -> Arguments.of(entry.getKey(), entry.getValue()));
  }

  @ParameterizedTest
  @MethodSource("packages")
  void nothingImportsUpwards(String name, List<String> mayUse) {
    String[] allowed =
        Stream.concat(
                Stream.of("dev.cleat.v1..", within(name)),
                mayUse.stream().map(DependencyDirectionTest::within))
            .toArray(String[]::new);

    classes()
        .that()
        .resideInAPackage(within(name))
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(allowed)
                .or(resideOutsideOfPackages("dev.cleat.."))
                .as("are in %s, or not ours", Arrays.toString(allowed)))
        .allowEmptyShould(true)
        .check(OURS);
  }

  @Test
  void everyPackageHasItsPlaceInTheOrder() {
    classes()
        .that(not(simpleName("package-info")))
        .should()
        .resideInAnyPackage(
            MAY_USE.keySet().stream().map(DependencyDirectionTest::within).toArray(String[]::new))
        .allowEmptyShould(true)
        .check(OURS);
  }

  private static String within(String name) {
    return "dev.cleat.server." + name + "..";
  }
}
