package mqtt.resilient.impl.simulation;

import java.util.SplittableRandom;
import mqtt.resilient.impl.link.LinkSettings;

/** Which version of MQTT a run is about: what the clients are told, and how the broker refuses MQTT 5, if it does. */
enum Dialect {
    /** The clients speak 3.1.1. */
    THREE(LinkSettings.Protocol.MQTT_3_1_1, Refusal.NONE),
    /** The clients speak 5. */
    FIVE(LinkSettings.Protocol.MQTT_5, Refusal.NONE),
    /** The clients speak what the broker speaks, and that is 5; perhaps not always. */
    AUTO(LinkSettings.Protocol.AUTO, Refusal.NONE),
    /** The broker does not speak 5, and says so in a CONNACK of 5. */
    AUTO_REFUSED(LinkSettings.Protocol.AUTO, Refusal.CODE),
    /** The broker does not speak 5, and says so in a CONNACK of 3.1.1. */
    AUTO_REFUSED_IN_THREE(LinkSettings.Protocol.AUTO, Refusal.OLDER_CODE),
    /** The broker does not speak 5, and hangs up. */
    AUTO_HUNG_UP(LinkSettings.Protocol.AUTO, Refusal.HANG_UP);

    /** How a broker refuses MQTT 5. */
    enum Refusal {
        NONE, CODE, OLDER_CODE, HANG_UP
    }

    final LinkSettings.Protocol protocol;
    final Refusal refusal;

    Dialect(LinkSettings.Protocol protocol, Refusal refusal) {
        this.protocol = protocol;
        this.refusal = refusal;
    }

    /** Half of the runs are about 3.1.1, most of the others about 5, and the rest about finding out. */
    static Dialect of(SplittableRandom random) {
        int drawn = random.nextInt(20);
        return drawn < 10 ? THREE : drawn < 16 ? FIVE : values()[drawn - 14];
    }

    /** Whether clients may speak 5. */
    boolean hasFive() {
        return this != THREE;
    }

    boolean allows(boolean five) {
        return protocol == LinkSettings.Protocol.AUTO || five == (this == FIVE);
    }
}
