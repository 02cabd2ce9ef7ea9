package mqtt.resilient.bench;

import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.Message;
import mqtt.resilient.impl.client.Client;
import mqtt.resilient.impl.codec.Mqtt311;
import mqtt.resilient.impl.session.Counters;
import mqtt.resilient.impl.session.Incoming;
import mqtt.resilient.impl.session.Outgoing;
import mqtt.resilient.impl.session.Session;
import mqtt.resilient.impl.session.SubscriptionListener;
import mqtt.resilient.impl.store.MemoryStore;
import mqtt.resilient.spi.packet.Reason;

/** Heap per idle session, per idle client without its socket, and per pending message; used heap after collections. */
public final class Footprint {
    private static final int SESSIONS = 5000;
    private static final int MESSAGES = 100_000;
    private static final int PAYLOAD_BYTES = 100;

    private Footprint() {
    }

    /** Prints {@code name value} lines. */
    public static void main(String[] arguments) {
        System.out.println("footprint.session.idle.bytes " + sessions());
        System.out.println("footprint.client.idle.bytes " + clients());
        System.out.println("footprint.message.pending.bytes " + messages());
    }

    private static long sessions() {
        List<Object> all = new ArrayList<>(SESSIONS);
        EchoNetwork network = new EchoNetwork();
        long before = used();
        for (int i = 0; i < SESSIONS; i++) {
            MemoryStore store = new MemoryStore();
            Nobody nobody = new Nobody();
            Session session = new Session(store, nobody, nobody, nobody, network, new Counters(),
                    Clients.settings(100).session());
            session.connected(new Mqtt311().newCodec(), "", false, false, BrokerLimits.NONE);
            all.add(session);
        }
        long after = used();
        return (after - before) / all.size();
    }

    private static long clients() {
        List<Client> all = new ArrayList<>(SESSIONS);
        EchoNetwork network = new EchoNetwork();
        long before = used();
        for (int i = 0; i < SESSIONS; i++) {
            all.add(Clients.client(network, 100));
            network.run();
        }
        long after = used();
        return (after - before) / all.size();
    }

    /** Beyond the payload, offline: each message with its own payload, all with one topic. */
    private static long messages() {
        EchoNetwork network = new EchoNetwork();
        network.answersPublish(false);
        Client client = Clients.client(network, 100);
        network.run();
        long before = used();
        for (int i = 0; i < MESSAGES; i++) {
            client.publisher().publish(Message.to("plant/boiler/temperature").payload(new byte[PAYLOAD_BYTES]).build());
            network.run();
        }
        long after = used();
        if (client.metrics().pending() != MESSAGES) {
            throw new IllegalStateException("the messages are not pending");
        }
        return (after - before) / MESSAGES - PAYLOAD_BYTES;
    }

    private static long used() {
        for (int i = 0; i < 4; i++) {
            System.gc();
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static final class Nobody implements Outgoing.Listener, Incoming.Listener, SubscriptionListener {
        @Override
        public void settled(Outgoing message, mqtt.resilient.api.Outcome.Kind kind, Reason reason) {
            throw new IllegalStateException();
        }

        @Override
        public void received(Incoming message) {
            throw new IllegalStateException();
        }

        @Override
        public void oversized(String topic, int size) {
            throw new IllegalStateException();
        }

        @Override
        public void granted(String filter, Reason reason) {
            throw new IllegalStateException();
        }
    }
}
