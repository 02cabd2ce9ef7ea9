package mqtt.resilient.itest;

import org.junit.jupiter.api.BeforeAll;

/** MQTT 5 with another broker: ActiveMQ Artemis, the family that Kura embeds. */
@EngineTest
class FiveArtemisTest extends FiveBrokerTest {
    @BeforeAll
    static void startBroker() {
        broker = TestBroker.of(TestBroker.Kind.ARTEMIS).start();
    }
}
