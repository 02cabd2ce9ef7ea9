package mqtt.resilient.impl.simulation;

import java.nio.ByteBuffer;
import mqtt.resilient.api.Outcome;

/** A message that an application has given to a client, and what became of it. */
final class Sent {
    final long number;
    final int client;
    final int lane;
    final int qos;
    final boolean expires;
    private final String topic;
    /** In which life of the process it was published, and when by the clock of that process. */
    final int life;
    final long at;
    boolean accepted;
    boolean stored;
    /** How it ended, as the application was told; null = it was not. */
    Outcome.Kind end;
    /** The client has said that it gives it up, or it may have: a power cut in the interval of store=process. */
    boolean excused;
    /** It was told to be taken back for good. */
    boolean cancelled;
    int arrivals;
    /** The broker's session in which it arrived last. */
    Object session;
    /** In which life of the process it was sent there. */
    int sentInLife;
    /** The connection on which it was sent last. */
    long connection = -1;

    Sent(long number, int client, int lane, int qos, boolean expires, int life, long at) {
        this.number = number;
        this.client = client;
        this.lane = lane;
        this.qos = qos;
        this.expires = expires;
        this.life = life;
        this.at = at;
        topic = "t/" + client + "/" + lane + "/" + number;
    }

    String topic() {
        return topic;
    }

    /** A payload that says which message it is, all over. */
    static byte[] payload(long number, int length) {
        byte[] payload = new byte[Math.max(8, length)];
        ByteBuffer.wrap(payload).putLong(number);
        for (int i = 8; i < payload.length; i++) {
            payload[i] = (byte) (number * 31 + i);
        }
        return payload;
    }

    /** The number in a payload. */
    static long number(byte[] payload) {
        long number = ByteBuffer.wrap(payload).getLong();
        for (int i = 8; i < payload.length; i++) {
            if (payload[i] != (byte) (number * 31 + i)) {
                throw new Violation("intact", "the payload of " + number + " is another one at byte " + i);
            }
        }
        return number;
    }

    @Override
    public String toString() {
        return "message " + number + " (client " + client + ", lane " + lane + ", QoS " + qos + ")";
    }
}
