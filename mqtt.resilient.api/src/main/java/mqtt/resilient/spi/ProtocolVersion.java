package mqtt.resilient.spi;

import org.osgi.annotation.versioning.ProviderType;

/** One version of MQTT. Stateless and safe from any thread. */
@ProviderType
public interface ProtocolVersion {
    /** {@return the name, for example {@code 3.1.1}} */
    String name();

    /**
     * The words of the specification for a CONNACK code.
     *
     * @param code the code of a CONNACK that refused
     * @return the reason in words
     */
    String connackReason(int code);

    /** {@return a codec for one connection} */
    Codec newCodec();
}
