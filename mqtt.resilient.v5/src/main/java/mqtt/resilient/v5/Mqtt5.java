package mqtt.resilient.v5;

import mqtt.resilient.spi.Codec;
import mqtt.resilient.spi.ProtocolVersion;
import org.osgi.service.component.annotations.Component;

/** MQTT 5 (OASIS standard, 2019). */
@Component
public final class Mqtt5 implements ProtocolVersion {
    @Override
    public String name() {
        return "5";
    }

    @Override
    public String reason(int code) {
        ReasonCode known = ReasonCode.of(code);
        return known == null ? "unknown code " + code : known.words;
    }

    @Override
    public Reaction reaction(int code) {
        ReasonCode known = ReasonCode.of(code);
        return known == null ? Reaction.BACK_OFF : known.reaction;
    }

    @Override
    public boolean mayTakeLater(int code) {
        ReasonCode known = ReasonCode.of(code);
        return known != null && known.mayTakeLater();
    }

    @Override
    public boolean hasSessionExpiry() {
        return true;
    }

    @Override
    public Codec newCodec() {
        return new Codec5();
    }
}
