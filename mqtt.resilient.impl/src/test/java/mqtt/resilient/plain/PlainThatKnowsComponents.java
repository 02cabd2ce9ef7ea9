package mqtt.resilient.plain;

import mqtt.resilient.impl.component.EngineComponent;

/** For {@code ArchitectureTest}: breaks its rule about programs without OSGi. */
public final class PlainThatKnowsComponents {
    EngineComponent component;
}
