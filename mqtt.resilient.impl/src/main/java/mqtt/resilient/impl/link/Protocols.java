package mqtt.resilient.impl.link;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import mqtt.resilient.spi.ProtocolVersion;

/**
 * Which version of MQTT is spoken with which broker. With {@code auto} it is 5 where the bundle for it is there, until
 * a broker that never spoke 5 refuses it, or closes the connection right after CONNECT {@value #UNANSWERED_CONNECTS}
 * times, or says nothing to as many, and accepts 3.1.1 then. That is remembered for a day. A broker that says nothing
 * is tried with both in turn from then on: perhaps it is only frozen.
 */
final class Protocols {
    private static final int UNANSWERED_CONNECTS = 3;
    private static final long BUNDLE_NANOS = 10_000_000_000L;
    private static final long REMEMBER_NANOS = 24 * 3_600_000_000_000L;

    private final ProtocolVersion basic;
    /** Null = the bundle is not there. */
    private ProtocolVersion five;
    private long missingSince;
    private final Set<BrokerUri> speakFive = new HashSet<>();
    private final Map<BrokerUri, Integer> unanswered = new HashMap<>();
    /** The CONNECTs in a row to which a broker said nothing at all. */
    private final Map<BrokerUri, Integer> silent = new HashMap<>();
    private final Map<BrokerUri, Long> fellBack = new HashMap<>();

    Protocols(ProtocolVersion basic, long now) {
        this.basic = basic;
        missingSince = now;
    }

    /** MQTT 5 is there from now on; null = it is not. If it is the one of before, what is known of brokers stays. */
    void useMqtt5(ProtocolVersion newFive, long now) {
        if (newFive == five) {
            return;
        }
        five = newFive;
        missingSince = now;
        forget();
    }

    /** Whether a version may be used still. */
    boolean has(ProtocolVersion version) {
        return version == basic || version == five;
    }

    /**
     * Until when a client whose session is one of MQTT 5 waits for the bundle, which may be about to start or be
     * updated: with 3.1.1 the session would be lost. 0 = it does not wait.
     */
    long awaitedUntil(LinkSettings.Protocol wanted, boolean sessionOfFive, long now) {
        long until = missingSince + BUNDLE_NANOS;
        return five == null && wanted == LinkSettings.Protocol.AUTO && sessionOfFive && now - until < 0 ? until : 0;
    }

    /** Forgets what is known of the brokers: they may be others now. */
    void forget() {
        speakFive.clear();
        unanswered.clear();
        silent.clear();
        fellBack.clear();
    }

    /** The version to speak; null = it is not there. */
    ProtocolVersion choose(LinkSettings.Protocol wanted, BrokerUri broker, long now) {
        if (wanted != LinkSettings.Protocol.AUTO) {
            return wanted == LinkSettings.Protocol.MQTT_5 ? five : basic;
        }
        Long since = fellBack.get(broker);
        if (since != null && now - since >= REMEMBER_NANOS) {
            fellBack.remove(broker);
            since = null;
        }
        int silences = silent.getOrDefault(broker, 0) - UNANSWERED_CONNECTS;
        boolean fallBack = since != null || unanswered.getOrDefault(broker, 0) >= UNANSWERED_CONNECTS
                || silences >= 0 && silences % 2 == 0;
        return five == null || fallBack ? basic : five;
    }

    /** A broker has accepted. */
    void accepted(ProtocolVersion version, BrokerUri broker, long now) {
        if (version == five) {
            speakFive.add(broker);
        } else if (unanswered.containsKey(broker) || silent.containsKey(broker)) {
            fellBack.putIfAbsent(broker, now);
        }
        unanswered.remove(broker);
        silent.remove(broker);
    }

    /**
     * An attempt has failed; whether another version is worth a try at once.
     *
     * @param continued whether we have a session with this broker in this version, so that it spoke it
     */
    boolean failed(ProtocolVersion version, LinkSettings.Protocol wanted, BrokerUri broker, boolean continued,
            Ending.Cause cause, long now) {
        if (wanted != LinkSettings.Protocol.AUTO || version == null) {
            return false;
        }
        boolean mayHaveOnlyBasic = !continued && !speakFive.contains(broker);
        if (cause == Ending.Cause.SILENT && five != null && (version != five || mayHaveOnlyBasic)) {
            return silent.merge(broker, 1, Integer::sum) == UNANSWERED_CONNECTS; // later silences wait like any failure
        }
        if (cause != Ending.Cause.UNREACHABLE && cause != Ending.Cause.UNRESOLVED) {
            silent.remove(broker);
        }
        if (version != five) {
            unanswered.remove(broker); // it answers neither version
            return false;
        }
        if (cause == Ending.Cause.UNSUPPORTED) {
            fellBack.put(broker, now);
            return true;
        }
        return cause == Ending.Cause.NO_CONNACK && mayHaveOnlyBasic
                && unanswered.merge(broker, 1, Integer::sum) >= UNANSWERED_CONNECTS;
    }
}
