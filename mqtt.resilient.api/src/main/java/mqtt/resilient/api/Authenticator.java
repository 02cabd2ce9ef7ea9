package mqtt.resilient.api;

import java.time.Duration;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Enhanced authentication (MQTT 5 section 4.12): a service with the property {@link MqttConstants#AUTH_METHOD}, used by
 * the clients whose {@code auth.method} has the same value. It holds its own secrets.
 * <p>
 * All methods are called on listener threads, never on an engine thread, and may block; an exchange that takes longer
 * than {@code response.seconds} ends the connection. An exchange is used by one connection and by one thread at a time;
 * {@link #begin} may be called for several clients at once. An exception ends the connection too; its message is shown
 * in the client's status and in the log, so it must not hold a secret. The client tries again later.
 */
@ConsumerType
public interface Authenticator {
    /** One authentication of one connection. */
    interface Exchange {
        /**
         * The first message.
         *
         * @return the Authentication Data of the CONNECT, or of the AUTH that begins a re-authentication, at most
         *         65,535 bytes; empty = none
         * @throws Exception to end the connection
         */
        byte[] begin() throws Exception;

        /**
         * The broker continues with an AUTH packet.
         *
         * @param challenge its Authentication Data; empty = none
         * @return the Authentication Data of the answer, at most 65,535 bytes; empty = none
         * @throws Exception to end the connection
         */
        byte[] answer(byte[] challenge) throws Exception;

        /**
         * The broker has accepted. With a new connection nothing is sent or received until this method returns; a
         * re-authentication blocks nothing.
         *
         * @param data the Authentication Data of the CONNACK, or of the AUTH that ends a re-authentication; empty =
         *        none
         * @return after how long the client authenticates again on the same connection; zero = never
         * @throws Exception to end the connection, because the broker has not proved its identity
         */
        Duration accepted(byte[] data) throws Exception;
    }

    /**
     * A connection begins, or authenticates again.
     *
     * @param client the name of the client, {@code mqtt.client}
     * @return the exchange
     * @throws Exception to end the connection
     */
    Exchange begin(String client) throws Exception;
}
