package mqtt.resilient.itest;

import java.util.Map;

/** Without MQTT 5, EventAdmin and metatype, which the product can do without. */
class InBareFelixTest extends FrameworkRun {
    InBareFelixTest() {
        super("itest-bare", FELIX, Map.of("itest.bare", "true", "tester.names", "mqtt.resilient.itest.EssentialsTest,"
                + "mqtt.resilient.itest.BundlesTest,mqtt.resilient.itest.ExampleTest"));
    }
}
