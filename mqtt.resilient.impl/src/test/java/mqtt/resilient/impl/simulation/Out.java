package mqtt.resilient.impl.simulation;

/** A message that the broker has for a client, and what became of it. */
final class Out {
    final long number;
    final int client;
    final int qos;
    final int length;
    /** Gone with the broker's session. */
    boolean lost;
    /** The client has said that it gives it up. */
    boolean excused;
    boolean released;
    boolean confirmed;
    /** How often the listener was done with it. */
    int handled;

    Out(long number, int client, int qos, int length) {
        this.number = number;
        this.client = client;
        this.qos = qos;
        this.length = length;
    }

    String topic() {
        return "in/" + client + "/" + number;
    }

    @Override
    public String toString() {
        return "message " + number + " to client " + client + " (QoS " + qos + ")";
    }
}
