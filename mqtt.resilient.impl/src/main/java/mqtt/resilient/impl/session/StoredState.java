package mqtt.resilient.impl.session;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mqtt.resilient.api.Message;

/** What a store held when it was opened. Filled by the store, then only read. */
public final class StoredState {
    /** The latest id that is known to have been given. */
    public long lastId;
    /** Pending messages by lane, those in flight included. */
    public final long[] messages = new long[Message.LANES];
    /** The bytes for which they count against the bounds. */
    public final long[] bytes = new long[Message.LANES];
    /** The index of the latest message by lane. */
    public final long[] latestIndex = new long[Message.LANES];
    /** QoS 2 messages with their packet identifiers, in the order of their sending. */
    public final List<Outgoing> inFlight = new ArrayList<>();
    /** Whose session it was: broker and client identifier; empty = none. */
    public String session = "";
    /** Packet identifiers of received QoS 2 messages, each with the digest of its message. */
    public final Map<Integer, Long> received = new LinkedHashMap<>();
    /** The filters that the broker holds, with their QoS. */
    public final Map<String, Integer> subscriptions = new LinkedHashMap<>();
    /** Whether any of them may expire. */
    public boolean expiring;
    /** Why the session's state is not certain to be complete; empty when it is. */
    public String incomplete = "";
    /** Whether it was closed in order; with which durability it was used last, and in which run of the machine. */
    public boolean closed;
    public String mode = "";
    public String boot = "";
    public int recordsSkipped;
    public int segmentsQuarantined;
}
