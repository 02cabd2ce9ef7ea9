package mqtt.resilient.impl.simulation;

/** A message that the broker has for a client, and what became of it. */
final class Out {
    final long number;
    final int client;
    final int qos;
    final int length;
    /** The message that has the same topic and payload and was there before; this one if there is none. */
    final Out first;
    /** With what travels with it in MQTT 5. */
    final boolean five;
    /** Its time in seconds, from when the broker had it; -1 = it does not expire. */
    int expirySeconds = -1;
    long since;
    /** It is sent as one that was retained, to those who asked for the flag as it was published. */
    boolean retained;
    /** The subscription identifier that it was sent with; 0 = none. */
    int identifier;
    /** Larger than the client takes. */
    boolean tooLarge;
    /** Gone with the broker's session. */
    boolean lost;
    /** The broker waits for PUBCOMP. */
    boolean released;
    boolean confirmed;

    // for all that look the same, kept in the first of them
    /** The client has said that it gives it up. */
    boolean excused;
    /** How often the listener was done with it. */
    int handled;
    int confirmations;
    /** There is another one of the same look. */
    boolean hasTwin;
    /** It was sent with MQTT 3.1.1, which leaves out what only MQTT 5 has. */
    boolean sentAsThree;
    /** The client has sent PUBREC, wherever that is now. */
    boolean pubrecSent;

    Out(long number, int client, int qos, int length, Out first, boolean five) {
        this.number = number;
        this.client = client;
        this.qos = qos;
        this.length = length;
        this.five = five;
        this.first = first == null ? this : first;
    }

    String topic() {
        return "in/" + client + "/" + first.number;
    }

    byte[] payload() {
        return Sent.payload(first.number, length);
    }

    /** What travels with it. */
    Properties properties() {
        return five ? Properties.of(first.number) : new Properties();
    }

    @Override
    public String toString() {
        return "message " + number + (first == this ? "" : ", which looks like " + first.number) + " to client "
                + client
                + " (QoS " + qos + ")";
    }
}
