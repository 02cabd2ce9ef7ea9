package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import org.junit.jupiter.api.Test;

/** The broker that the other tests trust in. */
@EngineTest
class TestBrokerTest {
    @Test
    void aKilledBrokerComesBackOnItsPort() throws IOException {
        try (TestBroker broker = new TestBroker()) {
            broker.start();
            broker.kill();
            assertFalse(broker.isRunning());
            broker.start();
            try (Socket socket = new Socket("127.0.0.1", broker.port())) {
                assertTrue(socket.isConnected());
            }
            broker.stop();
            assertFalse(broker.isRunning());
        }
    }
}
