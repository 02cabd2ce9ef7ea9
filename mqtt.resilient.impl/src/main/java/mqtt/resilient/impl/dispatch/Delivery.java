package mqtt.resilient.impl.dispatch;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.spi.OutsideText;
import mqtt.resilient.spi.packet.Publish;

/** A received message on its way to one listener. */
final class Delivery implements ReceivedMessage {
    final Reception reception;
    private final Publish publish;
    private final boolean shared;
    /** Whether it may be dropped where too many wait. */
    final boolean droppable;
    final InboundQueue queue;
    private final AtomicBoolean done = new AtomicBoolean();
    /** How often the listener has thrown; used by its thread alone. */
    int failures;

    /** Makes a delivery; {@code shared} if others get the same message, or may: then the listener gets copies. */
    Delivery(Reception reception, InboundQueue queue, boolean shared) {
        this.reception = reception;
        this.queue = queue;
        this.shared = shared;
        publish = reception.publish;
        droppable = publish.qos() == Qos.AT_MOST_ONCE && !reception.answersSubscribe;
    }

    /** Marks it as done; false if it was before. */
    boolean finish() {
        return !done.getAndSet(true);
    }

    /** Takes the mark back. */
    void unfinish() {
        done.set(false);
    }

    /** Whether it is marked as done. */
    boolean isFinished() {
        return done.get();
    }

    @Override
    public String topic() {
        return publish.topic();
    }

    @Override
    public byte[] payload() {
        return shared ? publish.payload().clone() : publish.payload();
    }

    @Override
    public Qos qos() {
        return publish.qos();
    }

    @Override
    public boolean retained() {
        return publish.retained();
    }

    @Override
    public boolean duplicate() {
        return publish.duplicate();
    }

    @Override
    public MessageProperties properties() {
        return publish.details().properties();
    }

    @Override
    public long expirySeconds() {
        return publish.details().expirySeconds();
    }

    @Override
    public List<Integer> subscriptionIdentifiers() {
        return publish.details().subscriptionIdentifiers();
    }

    @Override
    public void acknowledge() {
        queue.done(this);
    }

    @Override
    public String toString() {
        return "ReceivedMessage[" + OutsideText.oneLine(topic()) + ", " + publish.payload().length + " B, QoS "
                + qos().ordinal() + "]";
    }
}
