package mqtt.resilient.plain;

import java.io.IOException;
import mqtt.resilient.impl.engine.Engine;
import mqtt.resilient.spi.ProtocolVersion;

/** The engine of one client, or of several that share it. Safe from any thread. */
final class Program {
    private final Engine engine;
    private int users;
    private boolean ended;

    Program() throws IOException {
        ProtocolVersion five = five();
        engine = new Engine("mqtt-host", null);
        engine.protocol(five);
    }

    /** MQTT 5; null = its jar is not there. */
    private static ProtocolVersion five() {
        try { // seen by this class, and not by the thread that happens to call
            return (ProtocolVersion) Class.forName("mqtt.resilient.v5.Mqtt5").getConstructor().newInstance();
        } catch (ClassNotFoundException e) {
            return null;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("mqtt.resilient.v5 and mqtt.resilient.impl are not of the same version", e);
        }
    }

    Engine engine() {
        return engine;
    }

    /** A client begins. */
    synchronized void enter() {
        if (ended) {
            throw new IllegalStateException("the client whose threads are to be shared is closed");
        }
        users++;
    }

    /** A client has ended, and with the last one the threads do. Whether the thread was interrupted meanwhile. */
    boolean leave() {
        synchronized (this) {
            ended = --users == 0;
            if (!ended) {
                return false;
            }
        }
        boolean interrupted = false;
        while (true) {
            try {
                engine.stop();
                return interrupted;
            } catch (InterruptedException e) {
                interrupted = true; // and from the beginning: no thread is to be left
            }
        }
    }
}
