package mqtt.resilient.impl.link;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.function.Consumer;
import mqtt.resilient.impl.environment.Connection;
import mqtt.resilient.impl.environment.ConnectionHandler;
import mqtt.resilient.impl.environment.Network;
import mqtt.resilient.impl.environment.Scheduler;

/** Asks whether a broker can be reached, up to the point where MQTT would begin, and closes. On the loop only. */
final class BrokerProbe implements ConnectionHandler {
    private final Consumer<Boolean> answer;
    private Connection connection;
    private Scheduler.Timer timeout;
    /** Tries the next address. */
    private Runnable next;
    private boolean answered;

    private BrokerProbe(Consumer<Boolean> answer) {
        this.answer = answer;
    }

    /** Answers within {@code connect.seconds}, unless it is {@link #close}d before. */
    static BrokerProbe ask(Network network, Scheduler scheduler, LinkSettings settings, BrokerUri broker,
            Consumer<Boolean> answer) {
        BrokerProbe probe = new BrokerProbe(answer);
        probe.timeout = scheduler.at(scheduler.nanoTime() + settings.timing().connectNanos(), () -> probe.end(false));
        String host = settings.tcpHost(broker);
        network.resolve(host, (found, error) -> {
            if (found == null || found.isEmpty()) {
                probe.end(false);
            } else if (!probe.answered) {
                Iterator<InetAddress> addresses = Way.allowed(network, settings, found).iterator();
                probe.next = () -> {
                    if (addresses.hasNext()) {
                        probe.connection = network.connect(settings.route(broker, addresses.next()), probe);
                    } else {
                        probe.end(false);
                    }
                };
                probe.next.run();
            }
        });
        return probe;
    }

    private void end(boolean up) {
        if (!answered) {
            close();
            answer.accept(up);
        }
    }

    /** Ends it; nobody is told anything more. */
    void close() {
        if (answered) {
            return;
        }
        answered = true;
        timeout.cancel();
        if (connection != null) {
            connection.close();
        }
    }

    @Override
    public void connected() {
        end(true);
    }

    @Override
    public void received(ByteBuffer bytes) {
        bytes.position(bytes.limit());
    }

    @Override
    public void fill(Output out) {
        // nothing to say
    }

    @Override
    public void flushed() {
        // nothing was said
    }

    @Override
    public void closed(Closing closing) {
        if (!answered) {
            next.run();
        }
    }
}
