package mqtt.resilient.kura.network;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/**
 * How the state of the network is found out, for all clients of the gateway; {@link NetworkSettings} checks the values.
 */
@ObjectClassDefinition(id = NetworkConfig.PID, name = "MQTT network state (mqtt.resilient)",
        description = "Gives the MQTT clients (network.source auto or kura) the network state that Kura knows.")
@interface NetworkConfig {
    String PID = "mqtt.resilient.kura.network";

    @AttributeDefinition(name = "Interfaces", required = false,
            description = "The interfaces that count, in order of preference and with commas between, for example "
                    + "eth0,ppp0: the network is UP while one of them is, and a change to another of them starts "
                    + "an attempt. Routes are the system's. Empty: all.")
    String interfaces() default "";

    @AttributeDefinition(name = "Poll (s)", min = "1", max = "3600",
            description = "How often Kura is asked; it is also asked after each of its network events.")
    int poll_seconds() default 10;

    @AttributeDefinition(name = "Bounce: interface", required = false,
            description = "The interface, as in Kura's network configuration, that is disabled and enabled when a "
                    + "client has failed network.bounce.after times; at most every five minutes. Kura applies the "
                    + "whole network configuration for it, which disturbs other links. Empty: none.")
    String bounce_interface() default "";

    @AttributeDefinition(name = "Bounce: down (s)", min = "1", max = "300", description = "How long it stays disabled.")
    int bounce_seconds() default 5;
}
