package mqtt.resilient.plain;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import mqtt.resilient.api.Authenticator;
import mqtt.resilient.impl.engine.Configuration;
import mqtt.resilient.impl.engine.Host;
import mqtt.resilient.impl.engine.ManagedClient;
import mqtt.resilient.impl.link.LinkSettings;
import mqtt.resilient.spi.NetworkStateSource;

/**
 * What a plain program gives a client: no place, nobody to tell, and what it was built with.
 *
 * @param authenticators by their method
 * @param source null = what the operating system shows
 */
record ProgramHost(Program program, Map<String, Authenticator> authenticators,
        NetworkStateSource source) implements Host {
    ProgramHost {
        authenticators = Map.copyOf(authenticators);
    }

    @Override
    public Path dataArea() {
        return null;
    }

    @Override
    public boolean isDataAreaCleaned() {
        return false;
    }

    @Override
    public void requireParts(LinkSettings.Version version, String networkSource) throws Configuration.InvalidException {
        String method = version.authMethod();
        if (version.protocol() == LinkSettings.Protocol.MQTT_5 && program.engine().protocol() == null) {
            throw new Configuration.InvalidException((method.isEmpty() ? "protocol: \"5\""
                    : "auth.method: \"" + method + "\"")
                    + " is not allowed without the jar mqtt.resilient.v5 on the class path; allowed without it: "
                    + (method.isEmpty() ? "auto and 3.1.1" : "empty"));
        }
        if (!method.isEmpty() && authenticator(method) == null) {
            throw new Configuration.InvalidException(
                    "auth.method: \"" + method + "\" is not allowed; allowed: empty, and what "
                            + "an authenticator was given for: " + authenticators.keySet());
        }
        if (networkSource(networkSource) == null && !Set.of("auto", "kura", "system", "none").contains(networkSource)) {
            throw new Configuration.InvalidException(
                    "network.source: \"" + networkSource + "\" is not allowed; allowed: auto, "
                            + "system, none" + (source == null ? "" : " and " + source.name()));
        }
    }

    @Override
    public Authenticator authenticator(String method) {
        return authenticators.get(method);
    }

    @Override
    public NetworkStateSource networkSource(String name) {
        return source != null && (name.equals("auto") || name.equals(source.name())) ? source : null;
    }

    @Override
    public String describe(Object listener) {
        return Host.className(listener);
    }

    @Override
    public boolean post(String topic, Map<String, Object> properties) {
        return true; // there is no EventAdmin
    }

    @Override
    public void announce(ManagedClient client) {
        // whoever made it has it
    }

    @Override
    public void withdraw(ManagedClient client) {
        // whoever made it has closed it
    }
}
