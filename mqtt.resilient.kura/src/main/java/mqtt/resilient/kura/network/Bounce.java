package mqtt.resilient.kura.network;

import java.util.Map;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.configuration.ConfigurationService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Disables an interface and enables it again, through Kura's network configuration: the only way that Kura has. */
final class Bounce {
    private static final Logger LOG = LoggerFactory.getLogger(Bounce.class);
    private static final String CONFIGURATION = "org.eclipse.kura.net.admin.NetworkConfigurationService";
    private static final String DISABLED = "netIPv4StatusDisabled";
    private static final int ATTEMPTS = 3;

    private Bounce() {
    }

    /** Blocks until the interface is as it was before, also when the thread is interrupted; never throws. */
    static void run(ConfigurationService service, String name, int seconds) {
        String key = "net.interface." + name + ".config.ip4.status";
        try {
            Object before = service.getComponentConfiguration(CONFIGURATION).getConfigurationProperties().get(key);
            if (before == null || before.equals(DISABLED)) {
                LOG.warn("bounce.interface: {} is not enabled in Kura: {} = {}; it is not bounced", name, key, before);
                return;
            }
            LOG.warn("Network interface {} disabled for {} s (bounce)", name, seconds);
            boolean interrupted = false;
            try {
                set(service, key, DISABLED);
                Thread.sleep(seconds * 1000L);
            } catch (InterruptedException e) {
                interrupted = true;
            } finally {
                enable(service, key, before);
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        } catch (KuraException | RuntimeException e) {
            LOG.warn("Network interface {} could not be bounced", name, e);
        }
    }

    private static void enable(ConfigurationService service, String key, Object before) {
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            try {
                set(service, key, before);
                return;
            } catch (KuraException | RuntimeException e) {
                LOG.error("{} could not be set back to {} (attempt {} of {})", key, before, attempt, ATTEMPTS, e);
            }
        }
    }

    /** Without a snapshot: after a restart everything is as it was. */
    private static void set(ConfigurationService service, String key, Object value) throws KuraException {
        service.updateConfiguration(CONFIGURATION, Map.of(key, value), false);
    }
}
