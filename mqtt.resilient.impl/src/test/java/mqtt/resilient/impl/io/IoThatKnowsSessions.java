package mqtt.resilient.impl.io;

import mqtt.resilient.impl.session.Session;

/** For {@code ArchitectureTest}: breaks its rule about io. */
public final class IoThatKnowsSessions {
    Session session;
}
