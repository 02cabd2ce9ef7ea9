package mqtt.resilient.impl.world;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.MessageListener;
import mqtt.resilient.api.ReceivedMessage;

/** A listener that writes down what it gets, as {@code [dup ][retained ]topic payload}. */
public final class Recorder implements MessageListener {
    public final List<ReceivedMessage> messages = new ArrayList<>();
    private final List<String> texts = new ArrayList<>();
    private int failures;
    private String failsOn;

    /** Throws on the next calls. */
    public Recorder fails(int times) {
        failures = times;
        return this;
    }

    /** Throws for this payload, always. */
    public Recorder failsOn(String payload) {
        failsOn = payload;
        return this;
    }

    @Override
    public void onMessage(ReceivedMessage message) {
        String payload = new String(message.payload(), StandardCharsets.UTF_8);
        if (failures > 0 || payload.equals(failsOn)) {
            failures--;
            throw new IllegalStateException("the listener fails on " + payload);
        }
        messages.add(message);
        texts.add((message.duplicate() ? "dup " : "") + (message.retained() ? "retained " : "") + message.topic() + " "
                + payload);
    }

    /** What came since the last call. */
    public List<String> take() {
        List<String> all = List.copyOf(texts);
        texts.clear();
        return all;
    }
}
