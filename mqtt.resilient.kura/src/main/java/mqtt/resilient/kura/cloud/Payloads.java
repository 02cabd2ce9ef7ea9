package mqtt.resilient.kura.cloud;

import java.util.Map;
import org.eclipse.kura.KuraErrorCode;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.cloud.CloudPayloadProtoBufDecoder;
import org.eclipse.kura.cloud.CloudPayloadProtoBufEncoder;
import org.eclipse.kura.message.KuraPayload;

/**
 * How payloads become bytes, and bytes payloads.
 *
 * @param encoding which form messages have
 * @param gzip whether protobuf is compressed; what is received may be compressed in any case
 */
record Payloads(Encoding encoding, boolean gzip) {
    static final String ENCODING = "payload.encoding";
    static final String GZIP = "encode.gzip";

    /** For lifecycle messages, which have no body, where others are not encoded. */
    static final Payloads SIMPLE_JSON = new Payloads(Encoding.JSON, false);

    /** The forms, with the names that Kura's cloud connections use. */
    enum Encoding {
        /** A body as it is, as Kura's raw MQTT connection has it; metrics without a body as JSON. */
        RAW("raw"),
        /** Everything as JSON. */
        JSON("simple-json"),
        /** Everything as Kura's protobuf, by a service of Kura. */
        PROTOBUF("kura-protobuf");

        private final String value;

        Encoding(String value) {
            this.value = value;
        }
    }

    /** Reads the options. */
    static Payloads of(Map<String, Object> properties) {
        String value = Values.text(properties, ENCODING, Encoding.RAW.value);
        for (Encoding each : Encoding.values()) {
            if (each.value.equals(value)) {
                return new Payloads(each, !properties.containsKey(GZIP) || Values.flag(properties, GZIP));
            }
        }
        throw Values.invalid(ENCODING, value, "raw, simple-json or kura-protobuf");
    }

    boolean isProtobuf() {
        return encoding == Encoding.PROTOBUF;
    }

    /** {@return the bytes of a payload} {@code encoder} is null where Kura has none. */
    byte[] encode(KuraPayload payload, CloudPayloadProtoBufEncoder encoder) throws KuraException {
        if (payload == null || encoding == Encoding.RAW && payload.getBody() == null && payload.metrics().isEmpty()) {
            throw new IllegalArgumentException("payload: neither a body nor metrics; one of them is required");
        } else if (encoding == Encoding.RAW && payload.getBody() != null) {
            return payload.getBody();
        } else if (encoding != Encoding.PROTOBUF) {
            return PayloadJson.encode(payload);
        } else if (encoder == null) {
            throw new KuraException(KuraErrorCode.SERVICE_UNAVAILABLE, ENCODING
                    + ": kura-protobuf needs the service CloudPayloadProtoBufEncoder, which Kura's own cloud "
                    + "connections have (org.eclipse.kura.cloud.CloudService), and there is none; the message is "
                    + "rejected");
        }
        return encoder.getBytes(payload, gzip);
    }

    /** {@return the payload that bytes stand for; what is not of this form is the body of one, as in Kura} */
    KuraPayload decode(byte[] bytes, CloudPayloadProtoBufDecoder decoder) {
        KuraPayload payload = encoding == Encoding.JSON ? PayloadJsonReader.decode(bytes) : null;
        if (encoding == Encoding.PROTOBUF) {
            if (decoder == null) { // it went this moment: the message comes again
                throw new IllegalStateException("there is no service CloudPayloadProtoBufDecoder");
            }
            try {
                payload = decoder.buildFromByteArray(bytes);
            } catch (KuraException | RuntimeException e) { // foreign bytes
                EndpointUser.LOG.debug("A message is not of Kura's protobuf", e);
            }
        }
        if (payload == null) {
            payload = new KuraPayload();
            payload.setBody(bytes);
        }
        return payload;
    }
}
