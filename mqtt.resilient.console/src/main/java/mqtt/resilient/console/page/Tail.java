package mqtt.resilient.console.page;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.function.Function;
import java.util.function.Predicate;
import mqtt.resilient.api.MessageListener;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.Subscription;

/**
 * The live messages of one page: a subscription with QoS 0 of which a few messages per sample are kept, as text or as
 * hex, and the others counted. Safe from any thread.
 */
final class Tail implements MessageListener, AutoCloseable {
    /** How many messages are kept between two samples. */
    static final int MOST = 20;
    /** How many bytes of a payload are shown. */
    static final int MOST_BYTES = 2048;
    private static final int MOST_HEX_BYTES = 256;
    private static final int MOST_TOPIC = 512;

    private final Subscription subscription;
    private Json kept = new Json().array();
    private int count;
    private long left;
    private boolean closed;

    /** A tail; {@code subscribe} makes the subscription that calls it. */
    Tail(Function<MessageListener, Subscription> subscribe) {
        subscription = subscribe.apply(this);
    }

    @Override
    public synchronized void onMessage(ReceivedMessage message) {
        if (closed) {
            return;
        }
        if (count >= MOST) {
            left++;
            return;
        }
        count++;
        write(kept, message.topic(), message.payload(), message.qos().ordinal(), message.retained(),
                System.currentTimeMillis());
    }

    /**
     * Shows what came since the last time, if anything; what is not taken is shown later, and what comes meanwhile
     * counted.
     */
    synchronized void show(Predicate<String> page) {
        if (count > 0
                && page.test(new Json().object().put("left", left).name("messages").raw(kept + "]").end().toString())) {
            kept = new Json().array();
            count = 0;
            left = 0;
        }
    }

    /** {@return what is shown} */
    String filter() {
        return subscription.filter();
    }

    /** {@return the broker's answer to the subscription} */
    Subscription.Grant granted() {
        return subscription.granted();
    }

    /** {@return whether it is another's now, or nobody's: nothing comes any more} */
    boolean isOver() {
        return subscription.granted().equals(Subscription.Grant.CLOSED);
    }

    static void write(Json json, String topic, byte[] payload, int qos, boolean retained, long time) {
        String text = text(payload);
        json.object().put("topic", topic.substring(0, Math.min(topic.length(), MOST_TOPIC)))
                .put("topicLength", topic.length()).put("qos", qos).put("retained", retained).put("time", time)
                .put("bytes", payload.length);
        if (text != null) {
            json.put("text", text).put("whole", payload.length <= MOST_BYTES);
        } else {
            int shown = Math.min(payload.length, MOST_HEX_BYTES);
            json.put("hex", HexFormat.ofDelimiter(" ").formatHex(payload, 0, shown)).put("whole",
                    shown == payload.length);
        }
        json.end();
    }

    /** {@return the beginning of a payload as text; null = it is none} */
    static String text(byte[] payload) {
        ByteBuffer bytes = ByteBuffer.wrap(payload, 0, Math.min(payload.length, MOST_BYTES));
        CharBuffer chars = CharBuffer.allocate(bytes.remaining());
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        // A character that the cut has gone through is not an error.
        CoderResult result = decoder.decode(bytes, chars, payload.length <= MOST_BYTES);
        if (result.isError()) {
            return null;
        }
        String text = chars.flip().toString();
        return text.indexOf('\0') >= 0 ? null : text;
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            kept = new Json().array();
        }
        subscription.close();
    }
}
