package mqtt.resilient.impl.engine;

import static mqtt.resilient.api.MqttConstants.ATTEMPT;
import static mqtt.resilient.api.MqttConstants.BROKER;
import static mqtt.resilient.api.MqttConstants.CLIENT;
import static mqtt.resilient.api.MqttConstants.EVENT_CONNECTED;
import static mqtt.resilient.api.MqttConstants.EVENT_DISCONNECTED;
import static mqtt.resilient.api.MqttConstants.NEXT_ATTEMPT_MS;
import static mqtt.resilient.api.MqttConstants.REASON;
import static mqtt.resilient.api.MqttConstants.SESSION_PRESENT;
import static mqtt.resilient.api.MqttConstants.TIMESTAMP;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import mqtt.resilient.api.ClientStatus;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.StoreHealth;
import mqtt.resilient.impl.client.ClientEvents;
import mqtt.resilient.impl.environment.Log;
import mqtt.resilient.impl.environment.Scheduler;
import mqtt.resilient.impl.session.StoredState;
import mqtt.resilient.spi.OutsideText;

/**
 * Turns what a client tells into log lines and events: one line per change of state, a repeated failure only when its
 * number is a power of two, drops summed up per second.
 */
final class ClientReporter implements ClientEvents {
    private static final Log LOG = Log.of("mqtt.resilient");
    private static final long SUMMARY_NANOS = 1_000_000_000L;
    private static final int MAX_REASONS = 20;
    private static final String OTHER_REASONS = "other reasons";

    private final Host host;
    private final Scheduler scheduler;
    private final Runnable eventDropped;
    private final Map<String, Long> drops = new HashMap<>();
    private volatile String name;
    private ConnectionState last = ConnectionState.OFFLINE;
    /** Of the failures since the client was last online: the addresses of a broker may fail in turn. */
    private final Set<String> toldReasons = new HashSet<>();

    /**
     * Makes one for a client with a name.
     *
     * @param eventDropped counts an event that the host has dropped; on any thread
     */
    ClientReporter(Host host, Scheduler scheduler, Runnable eventDropped, String name) {
        this.host = host;
        this.scheduler = scheduler;
        this.eventDropped = eventDropped;
        this.name = name;
    }

    void rename(String newName) {
        name = newName;
    }

    @Override
    public void changed(ClientStatus status, boolean sessionLost, boolean permanent) {
        switch (status.state()) {
            case ONLINE -> {
                LOG.info("{}: connected to {} as {} with MQTT {}{}", name, status.broker(), status.clientId(),
                        status.protocol(),
                        sessionLost ? "; session lost: unacknowledged messages are sent as new ones" : "");
                post(EVENT_CONNECTED, status);
                if (sessionLost) {
                    sessionLost(status);
                }
                toldReasons.clear();
            }
            case WAITING -> waits(status, permanent);
            case PAUSED, OFFLINE, FAILED -> {
                if (status.state() == ConnectionState.FAILED) {
                    LOG.error("{}: FAILED: {}", name, status.reason());
                } else {
                    LOG.info("{}: {}: {}", name, status.state(), status.reason());
                }
                if (last == ConnectionState.ONLINE) {
                    post(EVENT_DISCONNECTED, status);
                }
            }
            default -> LOG.debug("{}: {} {}", name, status.state(), status.reason());
        }
        last = status.state();
    }

    private void sessionLost(ClientStatus status) {
        if (status.reason().contains("session lost: ")) {
            LOG.warn("{}: {}", name, status.reason());
        }
        post(MqttConstants.EVENT_SESSION_LOST, status);
    }

    private void waits(ClientStatus status, boolean permanent) {
        if (toldReasons.size() == MAX_REASONS) {
            toldReasons.clear();
        }
        if (status.nextAttempt().isZero()) { // it was left on purpose
            LOG.info("{}: reconnects: {}", name, status.reason());
        } else if (toldReasons.add(status.reason()) || Integer.bitCount(status.attempt()) == 1) {
            LOG.warn("{}: not connected{}: {}; attempt {} in {} ms", name,
                    status.broker().isEmpty() ? "" : " to " + status.broker(), status.reason(),
                    status.attempt() + 1, status.nextAttempt().toMillis());
        }
        post(EVENT_DISCONNECTED, status);
        if (permanent) {
            post(MqttConstants.EVENT_REFUSED, status);
        }
    }

    private void post(String topic, ClientStatus status) {
        post(topic, Map.of(BROKER, status.broker(), REASON, status.reason(), ATTEMPT, status.attempt(),
                NEXT_ATTEMPT_MS, status.nextAttempt().toMillis(), SESSION_PRESENT, status.sessionPresent(),
                MqttConstants.REASON_CODE, status.reasonCode(), MqttConstants.PROTOCOL, status.protocol()));
    }

    private void post(String topic, Map<String, Object> details) {
        Map<String, Object> event = new HashMap<>(details);
        event.put(CLIENT, name);
        event.put(TIMESTAMP, scheduler.wallClockMillis());
        // a topic stays as it is: it is data
        event.computeIfPresent(REASON, (key, reason) -> OutsideText.oneLine((String) reason));
        if (!host.post(topic, event)) {
            eventDropped.run();
        }
    }

    /** A configuration is in force, or rejected for a reason. */
    void configuration(String error) {
        if (error.isEmpty()) {
            LOG.info("{}: configuration in force", name);
        } else {
            LOG.error("{}: configuration rejected: {}; nothing changes", name, error);
        }
        post(MqttConstants.EVENT_CONFIGURATION, Map.of(REASON, error, MqttConstants.ACCEPTED, error.isEmpty()));
    }

    @Override
    public void dropped(String topic, Outcome.Kind kind, String reason) {
        if (drops.isEmpty()) {
            scheduler.at(scheduler.nanoTime() + SUMMARY_NANOS, this::reportDrops);
        }
        String why = kind + (reason.isEmpty() ? "" : ": " + reason);
        drops.merge(drops.containsKey(why) || drops.size() < MAX_REASONS ? why : OTHER_REASONS, 1L, Long::sum);
    }

    private void reportDrops() {
        drops.forEach((why, count) -> {
            LOG.warn("{}: {} not delivered: {}", name, count == 1 ? "1 message" : count + " messages", why);
            post(MqttConstants.EVENT_DROPPED, Map.of(REASON, why, MqttConstants.COUNT, count));
        });
        drops.clear();
    }

    @Override
    public void deadLettered(long id, String topic, String reason) {
        LOG.warn("{}: message {} on {} is dead-lettered: {}", name, id, topic, reason);
        post(MqttConstants.EVENT_DEAD_LETTERED,
                Map.of(MqttConstants.TOPIC, topic, MqttConstants.PUBLICATION, id, REASON, reason));
    }

    @Override
    public void deadLettersForgotten(int count) {
        LOG.warn("{}: the oldest dead letters are not kept any more, because there are too many: {}", name, count);
    }

    @Override
    public void brokerDeviates(String topic, String how) {
        LOG.warn("{}: a message on {} counts as delivered, although {}; others on this connection are not told", name,
                topic, how);
    }

    @Override
    public void storeHealth(StoreHealth health, String reason) {
        if (health == StoreHealth.OK) {
            LOG.info("{}: store healthy", name);
        } else {
            LOG.warn("{}: store {}: {}", name, health, reason);
        }
        postStore(health, reason);
    }

    @Override
    public void storeOpened(StoredState state) {
        long messages = Arrays.stream(state.messages).sum();
        if (messages > 0) {
            LOG.info("{}: store opened: {} pending from before", name,
                    messages == 1 ? "1 message" : messages + " messages");
        }
        if (state.recordsSkipped + state.segmentsQuarantined > 0 || !state.incomplete.isEmpty()) {
            String damage = "damaged records: " + state.recordsSkipped + ", quarantined segments: "
                    + state.segmentsQuarantined
                    + (state.incomplete.isEmpty() ? "" : ", " + state.incomplete);
            LOG.error("{}: store incomplete: {}; every readable message is delivered", name, damage);
            postStore(StoreHealth.DEGRADED, damage);
        }
    }

    private void postStore(StoreHealth health, String reason) {
        post(MqttConstants.EVENT_STORE, Map.of(MqttConstants.HEALTH, health.name(), REASON, reason));
    }

    @Override
    public void connectionListenerFailed(String listener, Throwable error) {
        LOG.warn("{}: connection listener {} failed: {}", name, listener, error.toString(), error);
    }

    @Override
    public void subscriptionRefused(String filter, int code) {
        LOG.warn("{}: the broker refused the subscription to {}: code {}", name, filter, code);
        post(MqttConstants.EVENT_SUBSCRIPTION_REFUSED, Map.of(MqttConstants.FILTER, filter, REASON, "code " + code));
    }

    @Override
    public void listenerFailed(String listener, String topic, Throwable error, boolean deadLettered) {
        LOG.warn("{}: listener {} failed on {}: {}; the message is {}", name, listener, topic,
                error.toString(), deadLettered ? "dead-lettered" : "offered again", error);
        if (deadLettered) {
            post(MqttConstants.EVENT_DEAD_LETTERED,
                    Map.of(MqttConstants.TOPIC, topic, REASON, listener + " failed: " + error));
        }
    }

    @Override
    public void listenerSlow(String listener, long nanos) {
        LOG.warn("{}: a call of {} has been running for {} s; later calls wait", name, listener,
                nanos / 1_000_000_000L);
    }
}
