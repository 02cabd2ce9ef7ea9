package mqtt.resilient.itest;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A test class that tries the engine against brokers and networks, and nothing of OSGi: one framework is enough for it.
 * A class without this runs in every framework. {@code mvn verify} runs these in Felix, {@code mvn verify -Pfull} in
 * Equinox.
 */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@interface EngineTest {
}
