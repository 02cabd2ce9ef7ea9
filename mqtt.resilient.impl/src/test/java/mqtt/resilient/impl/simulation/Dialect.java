package mqtt.resilient.impl.simulation;

import java.util.SplittableRandom;

/** Which version of MQTT a run is about: what the clients are told, and how the broker refuses MQTT 5, if it does. */
enum Dialect {
    /** The clients speak 3.1.1. */
    THREE("3.1.1", Refusal.NONE),
    /** The clients speak 5. */
    FIVE("5", Refusal.NONE),
    /** The clients speak what the broker speaks, and that is 5; perhaps not always. */
    AUTO("auto", Refusal.NONE),
    /** The broker does not speak 5, and says so in a CONNACK of 5. */
    AUTO_REFUSED("auto", Refusal.CODE),
    /** The broker does not speak 5, and says so in a CONNACK of 3.1.1. */
    AUTO_REFUSED_IN_THREE("auto", Refusal.OLDER_CODE),
    /** The broker does not speak 5, and hangs up. */
    AUTO_HUNG_UP("auto", Refusal.HANG_UP),
    /** The broker does not speak 5, and says nothing to it. */
    AUTO_SILENT("auto", Refusal.SILENCE);

    /** How a broker refuses MQTT 5. */
    enum Refusal {
        NONE, CODE, OLDER_CODE, HANG_UP, SILENCE
    }

    /** The key {@code protocol} of the clients. */
    final String protocol;
    final Refusal refusal;

    Dialect(String protocol, Refusal refusal) {
        this.protocol = protocol;
        this.refusal = refusal;
    }

    /**
     * Half of the runs are about 3.1.1, most of the others about 5, and the rest about finding out.
     *
     * @param late for what came to the simulation late: others keep their course
     */
    static Dialect of(SplittableRandom random, SplittableRandom late) {
        int drawn = random.nextInt(20);
        Dialect dialect = drawn < 10 ? THREE : drawn < 16 ? FIVE : values()[drawn - 14];
        return dialect == AUTO_HUNG_UP && late.nextBoolean() ? AUTO_SILENT : dialect;
    }

    /** Whether clients may speak 5. */
    boolean hasFive() {
        return this != THREE;
    }

    boolean allows(boolean five) {
        return protocol.equals("auto") || five == (this == FIVE);
    }
}
