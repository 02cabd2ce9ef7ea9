package mqtt.resilient.itest;

import java.util.Map;

/** The framework and the services of Kura 5. */
class InKura5Test extends FrameworkRun {
    InKura5Test() {
        super("kura-5", PLATFORM.resolve("org.eclipse.osgi-3.16.0.jar"), Map.of());
    }
}
