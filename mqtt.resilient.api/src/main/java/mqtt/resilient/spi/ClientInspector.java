package mqtt.resilient.spi;

import java.util.List;
import java.util.concurrent.CompletionStage;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.Subscription;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Shows an operator the inside of one client. A service beside each
 * {@link mqtt.resilient.api.ResilientMqttClient}, with the same {@link mqtt.resilient.api.MqttConstants#CLIENT}. Safe
 * from any thread, never blocks, costs nothing while it is not used. The stages complete on {@code mqtt-complete}, or
 * never if the client is stopped meanwhile.
 */
@ProviderType
public interface ClientInspector {
    /** The number of the queue of QoS 0 messages, after those of {@link Message#lane()}. */
    int AT_MOST_ONCE = Message.LANES;

    /** The most entries of a list. */
    int MAX_RESULTS = 1000;

    /** {@return a stage with the subscriptions, ordered by filter; at most {@link #MAX_RESULTS}} */
    CompletionStage<List<Subscribed>> subscriptions();

    /** {@return a stage with the pending messages by lane: lanes 0 to 3 and {@link #AT_MOST_ONCE}, in this order} */
    CompletionStage<List<Lane>> lanes();

    /**
     * Looks at the oldest waiting messages of a lane.
     *
     * @param lane 0 to {@link #AT_MOST_ONCE}
     * @param max how many, 1 to {@link #MAX_RESULTS}
     * @return a stage with those of them that are in memory, the oldest first; a store keeps about a megabyte of each
     *         lane there
     * @throws IllegalArgumentException if an argument is not allowed
     */
    CompletionStage<List<Waiting>> waiting(int lane, int max);

    /**
     * Cancels all waiting messages of a lane that were accepted before this call; messages in flight are not affected.
     *
     * @param lane 0 to {@link #AT_MOST_ONCE}
     * @return a stage with their number, which completes when the removal is as durable as the store; messages that a
     *         degraded store cannot read stay; 0 if the client was stopped on a disk that it could not write
     * @throws IllegalArgumentException if the lane is not allowed
     */
    CompletionStage<Long> cancel(int lane);

    /**
     * Looks at the dead letters that the store keeps: messages for which the broker closed connections. A store on the
     * disk keeps those of its newest four files, over a restart too; one in memory the newest 100, and at most a
     * megabyte.
     *
     * @param max how many, 1 to {@link #MAX_RESULTS}
     * @return a stage with the oldest of them, the oldest first; at most about half a megabyte
     * @throws IllegalArgumentException if {@code max} is not allowed
     */
    CompletionStage<List<DeadLetter>> deadLetters(int max);

    /**
     * Sends a dead letter again: publishes it anew, and forgets it once that is stored.
     *
     * @param id its {@link DeadLetter#id()}, 1 or above
     * @return a stage with the number of the new publication; 0 = there is no such dead letter. It fails with the
     *         {@link mqtt.resilient.api.RejectedException} of a publication that is rejected; then the dead letter
     *         stays
     */
    CompletionStage<Long> resendDeadLetter(long id);

    /**
     * Forgets a dead letter.
     *
     * @param id its {@link DeadLetter#id()}, 1 or above
     * @return a stage with whether there was one, which completes when the removal is as durable as the store
     */
    CompletionStage<Boolean> dropDeadLetter(long id);

    /**
     * One filter.
     *
     * @param filter the filter
     * @param qos the quality of service that the listeners ask for; the lowest if there are none
     * @param granted the broker's latest answer
     * @param listeners the listeners, in words
     * @param departed listeners that have gone and may return within {@code listener.grace.seconds}
     * @param waiting received messages that wait for the listeners
     * @param discards QoS 0 messages that were dropped, because the queue of a listener was full
     */
    record Subscribed(String filter, Qos qos, Subscription.Grant granted, List<String> listeners, List<String> departed,
            int waiting, long discards) {
    }

    /**
     * The pending messages of one lane.
     *
     * @param lane 0 to {@link #AT_MOST_ONCE}
     * @param waiting pending messages that are not in flight
     * @param inFlight messages sent and not yet acknowledged to the end
     * @param bytes the bytes of both, as counted for the bounds
     * @param oldestMillis the age of the oldest one in memory, in milliseconds; 0 = none is in memory
     */
    record Lane(int lane, long waiting, int inFlight, long bytes, long oldestMillis) {
    }

    /**
     * A waiting message.
     *
     * @param id its {@link mqtt.resilient.api.Publication#id()}
     * @param topic its topic
     * @param qos its quality of service
     * @param payloadBytes the length of its payload in bytes
     * @param ageMillis the time since its acceptance, in milliseconds
     */
    record Waiting(long id, String topic, Qos qos, int payloadBytes, long ageMillis) {
    }

    /**
     * A message that was given up, and is kept.
     *
     * @param id the {@link mqtt.resilient.api.Publication#id()} that it had
     * @param topic its topic
     * @param qos its quality of service
     * @param payloadBytes the length of its payload in bytes
     * @param ageMillis the time since it was given up, in milliseconds
     */
    record DeadLetter(long id, String topic, Qos qos, int payloadBytes, long ageMillis) {
    }
}
