package mqtt.resilient.itest;

import java.util.Map;

/** The framework and the services of Kura 6. */
class InKura6Test extends FrameworkRun {
    InKura6Test() {
        super("kura-6", PLATFORM.resolve("org.eclipse.osgi-3.24.0.jar"), Map.of());
    }
}
