package mqtt.resilient.impl.simulation;

/** What goes wrong. */
enum Fault {
    /** Nothing arrives for a while; what was under way arrives late, if anybody still waits for it. */
    OUTAGE,
    /** A middlebox ends every connection. */
    RESET,
    /** A middlebox forgets every connection, and tells nobody. */
    HALF_OPEN,
    /** Connections are refused for a while. */
    REFUSED,
    /** Names are not resolved for a while. */
    UNRESOLVED,
    /** The network is slow for a while. */
    SLOW,
    /** Somebody says that the network is down, or up, and is right or not. */
    RUMOUR,
    /** The process is killed. */
    KILL,
    /** The machine loses its power. */
    POWER_CUT,
    /** The process is killed, or the machine loses its power, in the middle of writing. */
    CUT_IN_BATCH,
    /** The bundle is stopped and started. */
    RESTART,
    /** The machine sleeps. */
    SUSPEND,
    /** Somebody sets the wall clock. */
    CLOCK_JUMP,
    /** Another configuration. */
    RECONFIGURE,
    /** disconnect(), connect() or reconnect() is called. */
    STEER,
    /** The disk does not answer for a while. */
    DISK_HANGS,
    /** The disk is full for a while. */
    DISK_FULL,
    /** A write fails. */
    WRITE_FAILS,
    /** A force fails, and what it should have kept is gone. */
    FORCE_FAILS,
    /** Files can be neither opened nor read for a while. */
    OPENS_FAIL,
    /** Files can be neither renamed nor deleted for a while. */
    RENAMES_FAIL,
    /** A node of the cluster is away for a while; the broker keeps its sessions. */
    NODE_DOWN,
    /** A node of the cluster takes connections for a while, and does nothing else. */
    NODE_FROZEN,
    /** The broker is slow to acknowledge for a while, and answers pings. */
    LATE_ANSWERS,
    /** The broker closes the connection on each PUBLISH for a while: a quota is used up. */
    QUOTA,
    /** The broker takes so many messages at once, and one more now and then; it closes the connection on others. */
    THROTTLE,
    /** The broker closes the connection on certain messages for a while. */
    DISLIKED_MESSAGE,
    /** The broker closes the connection when it is asked for a certain filter, all the time. */
    DISLIKED_FILTER,
    /** The broker takes QoS 2 as QoS 1 and answers PUBACK, all the time. */
    LOWER_QOS,
    /** The broker is away for a while; it keeps its sessions. */
    BROKER_RESTART,
    /** The broker forgets its sessions. */
    SESSIONS_LOST,
    /** The broker does not read for a while. */
    STALL,
    /** The broker ends a connection, perhaps in the middle of a packet. */
    HANG_UP,
    /** The broker refuses in its CONNACK. */
    REFUSAL,
    /** The broker takes connections and says nothing. */
    SILENCE,
    /** The broker refuses subscriptions. */
    SUBSCRIPTION_REFUSED,
    /** The broker sends something that is no MQTT, and hangs up. */
    NONSENSE,
    /** The broker acknowledges what was never sent. */
    STRAY,
    /** The broker sends an unacknowledged message once more. */
    REPEAT,
    /** A listener throws. */
    LISTENER_THROWS,
    /** A listener does not return for a while. */
    LISTENER_BLOCKS,
    /** A listener leaves, and comes back. */
    LISTENER_LEAVES,
    /** Subscriptions come and go. */
    CHURN,

    // ---- only where MQTT 5 is spoken, perhaps

    /** The broker refuses messages for a while, for good or for now. */
    MESSAGE_REFUSED,
    /** The broker is restarted with another configuration. */
    OTHER_TERMS,
    /** The broker sends a message that is larger than the client takes. */
    TOO_LARGE,
    /** The bundle with MQTT 5 is stopped, and started again. */
    BUNDLE,
    /** Another broker, which speaks 5 where the one before did not, or the other way round. */
    OTHER_VERSION,

    // ---- what the process runs short of

    /** No thread can be made for a while; what is handed over to a pool waits. */
    NO_THREADS,
    /** The heap is full for a while: an allocation fails now and then. */
    HEAP_FULL;

    /** Whether it came to the simulation late: others keep their course where it does not happen. */
    boolean isLate() {
        return compareTo(OPENS_FAIL) >= 0 && compareTo(LOWER_QOS) <= 0;
    }

    /** Whether it can happen only where MQTT 5 is spoken. */
    boolean needsFive() {
        return compareTo(MESSAGE_REFUSED) >= 0 && compareTo(OTHER_VERSION) <= 0;
    }

    /**
     * Whether it is one of the process itself; whether a run has it is drawn apart, so that runs without it keep their
     * course.
     */
    boolean isShortage() {
        return compareTo(NO_THREADS) >= 0;
    }
}
