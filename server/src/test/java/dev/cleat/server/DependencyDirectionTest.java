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
      Map.ofEntries(
          entry(
              "boot",
              "rpc",
              "auth",
              "policy",
              "isolation",
              "session",
              "reader",
              "tool",
              "terminal",
              "journal",
              "store",
              "telemetry",
              "wire",
              "yaml"),
          entry(
              "rpc",
              "auth",
              "policy",
              "session",
              "reader",
              "tool",
              "terminal",
              "journal",
              "store",
              "telemetry"),
          entry("auth", "yaml"),
          entry(
              "session",
              "policy",
              "isolation",
              "reader",
              "tool",
              "terminal",
              "journal",
              "store",
              "telemetry"),
          entry("policy", "yaml"),
          entry("isolation", "policy"),
          entry("reader", "journal"),
          entry("tool", "yaml"),
          entry("terminal", "telemetry"),
          entry("journal", "telemetry"),
          entry("store"),
          entry("telemetry"),
          entry("wire", "telemetry"),
          entry("yaml"));

  private static final JavaClasses OURS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.cleat.server");

  private static Map.Entry<String, List<String>> entry(String name, String... mayUse) {
    return Map.entry(name, List.of(mayUse));
  }

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
