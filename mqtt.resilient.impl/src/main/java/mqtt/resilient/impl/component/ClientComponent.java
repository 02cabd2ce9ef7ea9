package mqtt.resilient.impl.component;

import java.util.Map;
import mqtt.resilient.impl.engine.ClientConfig;
import mqtt.resilient.spi.ClientFactory;
import org.osgi.framework.Constants;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.Designate;

/** One client for each configuration of the factory {@value ClientConfig#PID}. */
// Kura has a factory of its own: here it would offer this one, and then wait in vain for a component of Kura.
@Component(name = ClientConfig.PID, service = {}, configurationPolicy = ConfigurationPolicy.REQUIRE,
        property = "kura.ui.factory.hide=true")
@Designate(ocd = ClientConfig.class, factory = true)
public final class ClientComponent {
    private final ClientFactory.ManagedMqttClient client;

    @Activate
    public ClientComponent(@Reference ClientFactory factory, Map<String, Object> properties) {
        client = factory.make(String.valueOf(properties.get(Constants.SERVICE_PID)));
        client.configure(properties, null);
    }

    @Modified
    void modified(Map<String, Object> properties) {
        client.configure(properties, null);
    }

    @Deactivate
    void deactivate() {
        client.dispose();
    }
}
