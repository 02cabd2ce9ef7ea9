package mqtt.resilient.impl.component;

import java.util.Map;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Modified;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.Designate;

/** One client for each configuration of the factory {@value ClientConfig#PID}. */
@Component(name = ClientConfig.PID, service = {}, configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = ClientConfig.class, factory = true)
public final class ClientComponent {
    private final ManagedClient client;

    @Activate
    public ClientComponent(@Reference Engine engine, BundleContext context, Map<String, Object> properties) {
        client = new ManagedClient(engine, context, String.valueOf(properties.get(Constants.SERVICE_PID)));
        client.configure(properties);
    }

    @Modified
    void modified(Map<String, Object> properties) {
        client.configure(properties);
    }

    @Deactivate
    void deactivate() {
        client.dispose();
    }
}
