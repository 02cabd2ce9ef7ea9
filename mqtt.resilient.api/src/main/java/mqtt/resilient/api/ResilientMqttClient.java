package mqtt.resilient.api;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/**
 * One configured MQTT client, as an OSGi service with the properties {@link MqttConstants#CLIENT} and
 * {@link MqttConstants#PROTOCOL}. It connects, reconnects and resubscribes by itself, and keeps each accepted message
 * until it is settled; what a pending message survives is its {@link Durability}.
 *
 * <p>Every method is safe from any thread, also inside a listener, and none blocks except
 * {@link #publish(Message, Duration)}. Each bundle gets
 * a service object of its own: when the bundle releases it, its subscriptions and listeners are closed, and every
 * method of the released object throws {@link IllegalStateException}.
 */
@ProviderType
public interface ResilientMqttClient {
    /**
     * Publishes a message, connected or not. Returns at once.
     *
     * @param message the message
     * @return its result; for a message that is rejected {@link Publication#stored()} completes with a
     *         {@link RejectedException}
     */
    Publication publish(Message message);

    /**
     * Publishes a message; waits for space when a bound is reached. For threads that may block.
     *
     * @param message the message
     * @param timeout how long to wait at most
     * @return its result, as with {@link #publish(Message)}; rejected when there was no space in time
     * @throws InterruptedException if the thread is interrupted while it waits
     * @throws IllegalStateException on a thread of the engine, also in a listener: waiting there would block what
     *         makes space
     */
    Publication publish(Message message, Duration timeout) throws InterruptedException;

    /**
     * Looks up how a message was settled.
     *
     * @param id a {@link Publication#id()} of this client
     * @return the outcome; {@link Outcome.Kind#PENDING} while it is not settled; {@link Outcome.Kind#UNKNOWN} if it is
     *         older than the latest 16,384 messages, or was never accepted. For a message that was accepted before the
     *         client was started it is {@code UNKNOWN} while it is pending, and mostly afterwards too
     */
    Outcome outcome(long id);

    /**
     * Subscribes. The client subscribes again whenever the broker has lost the session.
     *
     * @param filter a topic filter; wildcards and {@code $share/group/filter} are allowed
     * @param options how
     * @param listener called for each message, one call at a time, on a listener thread
     * @return the subscription
     * @throws IllegalArgumentException if the filter breaks a rule of {@link Topics#requireFilter(String)}
     */
    Subscription subscribe(String filter, SubscribeOptions options, MessageListener listener);

    /**
     * Subscribes to several filters in one SUBSCRIBE packet (section 3.8). A packet has eight filters at most, because
     * some brokers take no more, and with MQTT 5 no more bytes than the broker allows; further filters go in further
     * packets. After a lost session the engine may group them differently.
     *
     * @param filters at least one, each once; wildcards and {@code $share/group/filter} are allowed
     * @param options how, for all of them
     * @param listener called for the messages of all of them, one call at a time, on a listener thread
     * @return a subscription for each filter, in their order, each with its own {@link Subscription#granted() grant};
     *         each can be ended by itself. A message that arrived for an ended one may still be handed to the listener,
     *         until the last of them ends
     * @throws IllegalArgumentException if the list is null or empty, contains null or a filter twice, or a filter
     *         breaks a rule of {@link Topics#requireFilter(String)}; nothing is subscribed then
     */
    List<Subscription> subscribe(List<String> filters, SubscribeOptions options, MessageListener listener);

    /**
     * Subscribes with a queue, from which the messages are taken, instead of a listener.
     *
     * @param filter a topic filter
     * @param options how
     * @param capacity how many QoS 0 messages the queue holds, at least 1
     * @return the queue
     * @throws IllegalArgumentException if the filter or the capacity is not allowed
     */
    MessageQueue open(String filter, SubscribeOptions options, int capacity);

    /**
     * Takes unmatched messages: those that no subscription of this client matches. A resumed session or a broker that
     * subscribes by itself sends them, and some arrive right after the end of a subscription. As a service:
     * {@link MqttConstants#UNMATCHED}.
     *
     * <p>A message is acknowledged when the handler returns, and offered again when it throws, as with any listener;
     * each of several handlers gets it. Without a handler it is acknowledged at once, counted and reported as dropped.
     * A message whose listener has gone and may come back is not unmatched: it is held for that listener, and is
     * offered to the handler when the grace time ({@code listener.grace.seconds}) is over; only QoS 0 is not held.
     * Messages that wait for a handler when it is closed are dropped, counted and reported.
     *
     * @param handler called for each message, one call at a time, on a listener thread
     * @return ends it; repeatable
     */
    AutoCloseable onUnmatched(MessageListener handler);

    /**
     * Publishes a request and waits for its answer; at most 10,000 requests of each bundle may wait at once, and at
     * most 16 MB of them in the heap. With MQTT 5 the request carries a response topic and correlation data (section
     * 4.10). MQTT 3.1.1 has neither: the request goes to {@code <topic>/request/<client identifier>/<number>}, and the
     * answer is expected on {@code <topic>/reply/<client identifier>/<number>}. The request expires with the timeout;
     * its expiry, response topic and correlation data are set by the client.
     *
     * @param message the request; sent when its answer can arrive: when the client has been connected once and the
     *        broker has granted the subscription to the answers. After that, QoS 0 without a connection is rejected,
     *        unless {@code qos0.offline} is set
     * @param timeout how long to wait for the answer; more than zero
     * @return a stage with the answer; exceptionally with a {@link java.util.concurrent.TimeoutException} when none
     *         came in time, a {@link RejectedException} when the request was not accepted, and an
     *         {@link IllegalStateException} when it was not delivered, the broker refused the subscription to the
     *         answers, 10,000 requests or 16 MB of them wait already, or this service was released
     */
    CompletionStage<ReceivedMessage> request(Message message, Duration timeout);

    /**
     * Subscribes to requests and answers them, those of MQTT 5 and those of {@link #request} with 3.1.1. A message
     * without a response topic is acknowledged and ignored. The answer has the QoS of the request.
     *
     * @param filter which requests
     * @param options how; acknowledgement by the listener is not allowed
     * @param responder called for each request
     * @return the subscription
     * @throws IllegalArgumentException if the filter or the options are not allowed
     */
    Subscription respond(String filter, SubscribeOptions options, Responder responder);

    /** {@return the present state} */
    ClientStatus status();

    /** {@return whether the client is connected now} */
    boolean isConnected();

    /**
     * Adds a listener for every change of the connection.
     *
     * @param listener called on a listener thread, beginning with the present state
     * @return removes the listener when it is closed
     */
    AutoCloseable addConnectionListener(ConnectionListener listener);

    /**
     * Closes the connection with DISCONNECT (section 3.14), so that the broker does not publish the will, and stays
     * paused until {@link #connect()} or a restart of the client. Repeatable.
     *
     * @return a stage that completes on {@code mqtt-complete}, never exceptionally, when the state is
     *         {@link ConnectionState#PAUSED} and the connection is gone: when the broker has closed it, or after a
     *         second; at once without a connection. If {@link #connect()} is called meanwhile, the stage still
     *         completes when the old connection is gone
     */
    CompletionStage<Void> disconnect();

    /**
     * Connects again after {@link #disconnect()}; no effect on the client otherwise, also between two windows of the
     * schedule.
     *
     * @return a stage that completes on {@code mqtt-complete} when the client is connected: when the broker has
     *         accepted (CONNACK), or at once if it is connected. It has no timeout of its own, because attempts go on
     *         for ever. Exceptionally with an {@link IllegalStateException} whose message says why, when
     *         {@link #disconnect()} is called before, when the client stops or has stopped, and when 1,000 calls wait
     *         already
     */
    CompletionStage<Void> connect();

    /**
     * Closes the connection, if any, and makes a new one without waiting for the back-off or for the next window of the
     * schedule. No effect after {@link #disconnect()}, and while there is no valid configuration or the store is not
     * open.
     *
     * @return a stage that completes when the new connection is accepted, and exceptionally as that of
     *         {@link #connect()}; after {@link #disconnect()} exceptionally at once
     */
    CompletionStage<Void> reconnect();

    /**
     * Waits until no message is pending, messages that are published meanwhile included.
     *
     * @param timeout the time after which to give up; more than zero
     * @return a stage with true when no message is pending, false when the time is up
     */
    CompletionStage<Boolean> drain(Duration timeout);

    /**
     * Asks whether the broker answers.
     *
     * @return a stage with true at once if anything arrived from the broker within the last second; else true if it
     *         answers a ping within {@code response.seconds}; false without a connection
     */
    CompletionStage<Boolean> brokerUp();

    /**
     * Asks whether the wide area network is reachable; independent of the MQTT connection.
     *
     * @return a stage with true at once while connected; else whether the name server of {@code wan.probe} answers
     *         within three seconds after its own name, if it has one, is resolved
     */
    CompletionStage<Boolean> wanUp();

    /** {@return the present metrics; also as {@link ClientMXBean}} */
    ClientMetrics metrics();
}
