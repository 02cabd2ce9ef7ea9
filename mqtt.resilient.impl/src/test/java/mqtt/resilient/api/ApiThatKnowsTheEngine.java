package mqtt.resilient.api;

import mqtt.resilient.impl.session.Session;
import mqtt.resilient.spi.Codec;

/** For {@code ArchitectureTest}: breaks its rules about the api. */
public final class ApiThatKnowsTheEngine {
    Session session;
    Codec codec;
}
