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
    /** With what travels with it in MQTT 5. */
    final boolean five;
    /** After which time it may expire; 0 = it may not. */
    int expirySeconds;
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
    /** The broker has refused it, for good or for now. */
    boolean refused;
    /** The broker has closed a connection on it. */
    boolean disliked;
    /** The broker had it with QoS 2 when it arrived last. */
    boolean arrivedExactlyOnce;
    /** The size of its packet in MQTT 5, without an alias. */
    int packetBytes;
    /** The QoS with which it arrived last. */
    int arrivedQos = -1;
    /** It was told to be taken back for good. */
    boolean cancelled;
    int arrivals;
    /** The broker's session in which it arrived last. */
    Object session;
    /** In which life of the process it was sent there, and with which packet id. */
    int sentInLife;
    int packetId;
    /** The connection on which it was sent last. */
    long connection = -1;

    /** Makes one; those of MQTT 5 share their topics. */
    Sent(long number, int client, int lane, int qos, boolean expires, int life, long at, long topicNumber,
            boolean five) {
        this.number = number;
        this.five = five;
        this.client = client;
        this.lane = lane;
        this.qos = qos;
        this.expires = expires;
        this.life = life;
        this.at = at;
        topic = "t/" + client + "/" + lane + "/" + topicNumber;
    }

    boolean retained() {
        return five && number % 11 == 3;
    }

    /** What travels with it. */
    Properties properties() {
        return five ? Properties.of(number) : new Properties();
    }

    /** The size of its packet in MQTT 5, without an alias. */
    int packetBytes(int payloadBytes) {
        int properties = properties().encode().length + (expires ? 5 : 0);
        int rest = 2 + topic.length() + (qos > 0 ? 2 : 0) + properties + payloadBytes;
        return 1 + (rest < 128 ? 1 : rest < 16_384 ? 2 : 3) + rest;
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
