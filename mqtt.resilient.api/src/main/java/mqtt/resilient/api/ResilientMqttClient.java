package mqtt.resilient.api;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/**
 * One configured MQTT client, as an OSGi service with the properties {@link MqttConstants#CLIENT} and
 * {@link MqttConstants#PROTOCOL}. It connects, reconnects and resubscribes by itself, and keeps what it accepted until it
 * has come to its end; what that survives meanwhile is its {@link Durability}.
 *
 * <p>Every method is safe from any thread, also inside a listener, and none blocks except
 * {@link #publish(Message, Duration)}. The service belongs to the bundle
 * that got it: when that bundle releases it, its subscriptions and listeners are closed, and every method of the stale
 * reference throws {@link IllegalStateException}.
 */
@ProviderType
public interface ResilientMqttClient {
    /**
     * Publishes a message, connected or not. Returns at once.
     *
     * @param message the message
     * @return what becomes of it; a message that is not accepted completes {@link Publication#stored()} with a
     *         {@link RejectedException}
     */
    Publication publish(Message message);

    /**
     * Publishes a message and waits for space when the client is full. Meant for threads that may wait.
     *
     * @param message the message
     * @param timeout how long to wait at most
     * @return what becomes of it, as with {@link #publish(Message)}; rejected when there was no space in time
     * @throws InterruptedException if the thread is interrupted while it waits
     * @throws IllegalStateException on a thread of the engine, also in a listener: waiting there would hold up what
     *         makes space
     */
    Publication publish(Message message, Duration timeout) throws InterruptedException;

    /**
     * Looks up how a message ended.
     *
     * @param id a {@link Publication#id()} of this client
     * @return the outcome; {@link Outcome.Kind#PENDING} while there is none, {@link Outcome.Kind#UNKNOWN} when it is
     *         older than the last 65,536 messages or never was. Of a message that was accepted before the client was
     *         started it is {@code UNKNOWN} while it is pending, and mostly afterwards too
     */
    Outcome outcome(long id);

    /**
     * Subscribes. The engine renews the subscription whenever the broker has lost it.
     *
     * @param filter a topic filter; wildcards and {@code $share/group/filter} are allowed
     * @param options how
     * @param listener called for each message, one call at a time, on a listener thread
     * @return the subscription
     * @throws IllegalArgumentException if the filter breaks a rule of {@link Topics#requireFilter(String)}
     */
    Subscription subscribe(String filter, SubscribeOptions options, MessageListener listener);

    /**
     * Subscribes to several filters in one SUBSCRIBE packet (section 3.8), as far as that goes: eight filters at most, because
     * some brokers take no more, and no more bytes than the broker takes (MQTT 5); then in as many packets as are needed. After a
     * loss of the session the engine groups them as it likes.
     *
     * @param filters at least one, each once; wildcards and {@code $share/group/filter} are allowed
     * @param options how, for all of them
     * @param listener called for the messages of all of them, one call at a time, on a listener thread
     * @return a subscription for each filter, in their order, each with its own {@link Subscription#granted() grant}; they can be
     *         ended one by one. A message that came for an ended one before may still be handed over, until the last of them ends
     * @throws IllegalArgumentException if there is no filter, one is there twice or breaks a rule of
     *         {@link Topics#requireFilter(String)}; nothing is subscribed then
     */
    List<Subscription> subscribe(List<String> filters, SubscribeOptions options, MessageListener listener);

    /**
     * Subscribes, to fetch the messages instead of being called.
     *
     * @param filter a topic filter
     * @param options how
     * @param capacity how many QoS 0 messages may wait, at least 1
     * @return the queue
     * @throws IllegalArgumentException if the filter or the capacity is not allowed
     */
    MessageQueue open(String filter, SubscribeOptions options, int capacity);

    /**
     * Takes the messages that no subscription of this client matches: what a resumed session or a broker that subscribes by itself
     * brings, and what comes right after the end of a subscription. As a service: {@link MqttConstants#UNMATCHED}.
     *
     * <p>A message is acknowledged when the handler returns, and offered again when it throws, as with any listener; of several
     * handlers each gets it. Without a handler it is acknowledged at once, counted and reported as dropped. A message whose
     * listener has gone and may come back is not one of them: it is held for that listener, and comes here when
     * {@code listener.grace.seconds} are over in vain; only QoS 0 is not held. What waits for a handler that is closed is dropped,
     * counted and reported.
     *
     * @param handler called for each message, one call at a time, on a listener thread
     * @return ends it; repeatable
     */
    AutoCloseable onUnmatched(MessageListener handler);

    /**
     * Publishes a request and waits for its answer; at most 10,000 of each user of the service may wait at once. With MQTT 5
     * the request carries a response topic and correlation data (section 4.10). MQTT 3.1.1 has neither: the request goes to
     * {@code <topic>/request/<client id>/<number>}, and the answer is expected on
     * {@code <topic>/reply/<client id>/<number>}. The request expires with the timeout; its expiry, response topic and
     * correlation data are set by the client.
     *
     * @param message the request; held until its answer can come: until the client has been connected once and the broker
     *        has granted the subscription to the answers. After that, QoS 0 without a connection is rejected, unless
     *        {@code qos0.offline} is set
     * @param timeout how long to wait for the answer; more than zero
     * @return a stage with the answer; exceptionally with a {@link java.util.concurrent.TimeoutException} when none came in
     *         time, a {@link RejectedException} when the request was not accepted, and an {@link IllegalStateException}
     *         when it was not delivered, the broker refused the subscription to the answers, 10,000 requests wait
     *         already, or this service is released
     */
    CompletionStage<ReceivedMessage> request(Message message, Duration timeout);

    /**
     * Subscribes to requests and answers them, those of MQTT 5 and those of {@link #request} with 3.1.1. A message that asks
     * for no answer is acknowledged and passed over. The answer has the QoS of the request.
     *
     * @param filter which requests
     * @param options how; acknowledgement by the listener is not allowed
     * @param responder called for each request
     * @return the subscription
     * @throws IllegalArgumentException if the filter or the options are not allowed
     */
    Subscription respond(String filter, SubscribeOptions options, Responder responder);

    /** {@return the state now} */
    ClientStatus status();

    /** {@return whether messages can flow now} */
    boolean isConnected();

    /**
     * Hears of every change of the connection from now on.
     *
     * @param listener called on a listener thread, beginning with the present state
     * @return closes the registration
     */
    AutoCloseable addConnectionListener(ConnectionListener listener);

    /**
     * Ends the connection with DISCONNECT (section 3.14), which suppresses the will, and stays offline until {@link #connect()}. A
     * restart of the client forgets it. Repeatable.
     *
     * @return a stage that completes on {@code mqtt-complete}, never exceptionally, when the state is
     *         {@link ConnectionState#PAUSED} and the connection is gone: when the broker has closed it, or after a second; at once
     *         if there is none. Whoever calls {@link #connect()} meanwhile waits for the same
     */
    CompletionStage<Void> disconnect();

    /**
     * Resumes after {@link #disconnect()}; without effect on the client otherwise, also in a pause of the schedule.
     *
     * @return a stage that completes on {@code mqtt-complete} when the client is connected: when the broker has accepted (CONNACK),
     *         or at once if it is. It has no timeout of its own, because attempts go on for ever. Exceptionally with an
     *         {@link IllegalStateException} whose message says why, when {@link #disconnect()} is called before, when the client
     *         stops or has stopped, and when 1,000 calls wait already
     */
    CompletionStage<Void> connect();

    /**
     * Ends the connection, if any, and makes a new one without waiting for the back-off or for the next window of the
     * schedule. Without effect after {@link #disconnect()}, and while there is no usable configuration or its store is not
     * open.
     *
     * @return a stage that completes when the client is connected anew, and exceptionally as that of {@link #connect()}; after
     *         {@link #disconnect()} at once
     */
    CompletionStage<Void> reconnect();

    /**
     * Waits until nothing is left to deliver, also of what is published meanwhile.
     *
     * @param timeout the time after which to give up; more than zero
     * @return a stage with true when no message is pending any more, false when the time is over
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
     * Asks whether the wide area network is there; never disturbs MQTT.
     *
     * @return a stage with true at once while connected; else whether the name server of {@code wan.probe} answers
     *         within three seconds after its own name, if it has one, is resolved
     */
    CompletionStage<Boolean> wanUp();

    /** {@return the figures now; also as {@link ClientMXBean}} */
    ClientMetrics metrics();
}
