package mqtt.resilient.spi;

import java.util.List;
import java.util.concurrent.CompletionStage;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.Subscription;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Looks into one client, for an operator: what a {@link mqtt.resilient.api.ResilientMqttClient} does not tell. A service
 * beside each of them, with the same {@link mqtt.resilient.api.MqttConstants#CLIENT}. Safe from any thread, never blocks, costs
 * nothing while nobody asks. The stages complete on {@code mqtt-complete}, or never if the client ends meanwhile.
 */
@ProviderType
public interface ClientInspector {
    /** The number of the lane in which QoS 0 waits, behind those of {@link Message#lane()}. */
    int AT_MOST_ONCE = Message.LANES;

    /** How much a list may have at most. */
    int MAX_RESULTS = 1000;

    /** {@return a stage with what the client subscribes to, by filter; at most {@link #MAX_RESULTS}} */
    CompletionStage<List<Subscribed>> subscriptions();

    /** {@return a stage with what is pending: lanes 0 to 3 and {@link #AT_MOST_ONCE}, in this order} */
    CompletionStage<List<Lane>> lanes();

    /**
     * Looks at the oldest messages of a lane that were never sent.
     *
     * @param lane 0 to {@link #AT_MOST_ONCE}
     * @param max how many, 1 to {@link #MAX_RESULTS}
     * @return a stage with those of them that are in memory, the oldest first; a store keeps about a megabyte of each lane there
     * @throws IllegalArgumentException if an argument is not allowed
     */
    CompletionStage<List<Waiting>> waiting(int lane, int max);

    /**
     * Cancels all messages of a lane that were accepted before now and never sent; what is under way goes on.
     *
     * @param lane 0 to {@link #AT_MOST_ONCE}
     * @return a stage with the number of them, when that survives what the store has to survive; messages that a store in
     *         trouble cannot read stay
     * @throws IllegalArgumentException if the lane is not allowed
     */
    CompletionStage<Long> cancel(int lane);

    /**
     * One filter.
     *
     * @param filter the filter
     * @param qos the quality of service that the listeners ask for; the lowest if there are none
     * @param granted the broker's latest answer
     * @param listeners who listens
     * @param departed who has gone and may come back within {@code listener.grace.seconds}
     * @param waiting messages that wait for the listeners
     * @param discards QoS 0 messages that were too many for a listener
     */
    record Subscribed(String filter, Qos qos, Subscription.Grant granted, List<String> listeners, List<String> departed, int waiting,
            long discards) {
    }

    /**
     * What is pending in one lane.
     *
     * @param lane 0 to {@link #AT_MOST_ONCE}
     * @param waiting accepted messages that were never sent
     * @param inFlight messages that were sent and not acknowledged to the end
     * @param bytes what both count for against the bounds
     * @param oldestMillis the age of the oldest that is in memory; 0 = none is
     */
    record Lane(int lane, long waiting, int inFlight, long bytes, long oldestMillis) {
    }

    /**
     * A message that was never sent.
     *
     * @param id its {@link mqtt.resilient.api.Publication#id()}
     * @param topic its topic
     * @param qos its quality of service
     * @param payloadBytes the length of its payload
     * @param ageMillis since when it is accepted
     */
    record Waiting(long id, String topic, Qos qos, int payloadBytes, long ageMillis) {
    }
}
