package mqtt.resilient.kura.transport;

import java.util.Map;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.configuration.ComponentConfiguration;
import org.eclipse.kura.configuration.ConfigurationService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has a DataService use this transport: which one it uses is in no form of Kura's console. */
final class DataServiceTarget {
    static final String KEY = "kura.data.service";
    private static final String TARGET = "DataTransportService.target";
    private static final Logger LOG = LoggerFactory.getLogger("mqtt.resilient");

    private DataServiceTarget() {
    }

    /** Sets the target, with a snapshot, unless it is set already. Calls Kura on a thread of its own; never throws. */
    static void set(ConfigurationService service, String dataService, String transport) {
        Thread thread = new Thread(() -> {
            try {
                setNow(service, dataService, "(kura.service.pid=" + transport + ")");
            } catch (KuraException | RuntimeException e) { // foreign code
                LOG.error("{}: {}: {} of {} could not be set", transport, KEY, TARGET, dataService, e);
            }
        }, "mqtt-kura-data-service");
        thread.setDaemon(true);
        thread.start();
    }

    private static void setNow(ConfigurationService service, String dataService, String target) throws KuraException {
        ComponentConfiguration configuration = service.getComponentConfiguration(dataService);
        Map<String, Object> properties = configuration == null ? null : configuration.getConfigurationProperties();
        if (properties == null) { // while Kura starts it may wait for this very transport, which is set then
            LOG.info("{}: there is no component {} now; its {} stays", KEY, dataService, TARGET);
        } else if (!target.equals(properties.get(TARGET))) {
            LOG.info("{}: {} of {} is changed from {} to {}", KEY, TARGET, dataService, properties.get(TARGET), target);
            service.updateConfiguration(dataService, Map.of(TARGET, target));
        }
    }
}
