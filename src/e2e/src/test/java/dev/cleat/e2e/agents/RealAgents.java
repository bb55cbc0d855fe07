package dev.cleat.e2e.agents;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tests that run real agents: in the build's JVM without a network, see the pom. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("agents")
@ExtendWith(AgentsInstalled.class)
@interface RealAgents {
  /** The order of classes that take minutes: two run at a time, and these are to begin. */
  int LONG = 1;
}
