package mqtt.resilient.kura.client;

import org.eclipse.kura.configuration.ConfigurableComponent;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;

/**
 * Has Kura show and keep the configuration of the bundle {@code mqtt.resilient.console}, which knows nothing of Kura:
 * Kura does so for each component of its own that has the configuration.
 */
@Component(name = "mqtt.resilient.kura.console", configurationPid = "mqtt.resilient.console",
        service = ConfigurableComponent.class, immediate = true, configurationPolicy = ConfigurationPolicy.REQUIRE)
public final class KuraConsole implements ConfigurableComponent {
}
