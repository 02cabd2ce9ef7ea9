package mqtt.resilient.kura.cloud;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.eclipse.kura.KuraErrorCode;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.configuration.ComponentConfiguration;
import org.eclipse.kura.configuration.ConfigurationService;
import org.junit.jupiter.api.Test;

/** What "New" and "Delete" in Kura's Cloud Connections do. */
class ConnectionFactoryTest {
    private final List<String> done = new ArrayList<>();
    private String fails = "";
    private final ConnectionFactory factory = new ConnectionFactory(null, new ConfigurationService() {
        @Override
        public void createFactoryConfiguration(String factoryPid, String pid, Map<String, Object> properties,
                boolean snapshot)
                throws KuraException {
            if (fails.equals(pid)) {
                throw new KuraException(KuraErrorCode.CONFIGURATION_ERROR);
            }
            done.add("create " + factoryPid + " " + pid + " " + new TreeMap<>(properties) + " " + snapshot);
        }

        @Override
        public void deleteFactoryConfiguration(String pid, boolean snapshot) throws KuraException {
            if (fails.equals(pid)) {
                throw new KuraException(KuraErrorCode.INVALID_PARAMETER);
            }
            done.add("delete " + pid + " " + snapshot);
        }

        @Override
        public Set<String> getFactoryComponentPids() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Set<String> getConfigurableComponentPids() {
            throw new UnsupportedOperationException();
        }

        @Override
        public ComponentConfiguration getComponentConfiguration(String pid) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void updateConfiguration(String pid, Map<String, Object> properties) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void updateConfiguration(String pid, Map<String, Object> properties, boolean snapshot) {
            throw new UnsupportedOperationException();
        }
    });

    @Test
    void aConnectionIsAClientAndAnEndpointThatUsesIt() throws KuraException {
        factory.createConfiguration("mqtt.resilient.CloudConnection-2");
        assertEquals(List.of(
                "create mqtt.resilient.kura.client mqtt.resilient.CloudClient-2 {mqtt.client=cloud-2, "
                        + "qos0.offline=true} false",
                "create mqtt.resilient.kura.cloud.CloudEndpoint mqtt.resilient.CloudConnection-2 "
                        + "{kura.cloud.connection.factory.pid=mqtt.resilient.kura.cloud.CloudConnectionFactory, "
                        + "mqtt.client=cloud-2} true"),
                done);
        assertEquals(List.of("mqtt.resilient.CloudConnection-2", "mqtt.resilient.CloudClient-2"),
                factory.getStackComponentsPids("mqtt.resilient.CloudConnection-2"));
        assertEquals("mqtt.resilient.kura.cloud.CloudEndpoint", factory.getFactoryPid());
        done.clear();
        factory.deleteConfiguration("mqtt.resilient.CloudConnection-2");
        assertEquals(
                List.of("delete mqtt.resilient.CloudClient-2 false", "delete mqtt.resilient.CloudConnection-2 true"),
                done);
    }

    @Test
    void aConnectionWhoseClientWasDeletedAloneCanBeDeleted() throws KuraException {
        fails = "mqtt.resilient.CloudClient-2";
        factory.deleteConfiguration("mqtt.resilient.CloudConnection-2");
        assertEquals(List.of("delete mqtt.resilient.CloudConnection-2 true"), done);
    }

    @Test
    void aConnectionThatCannotBeMadeLeavesNoClient() {
        fails = "mqtt.resilient.CloudConnection";
        assertThrows(KuraException.class, () -> factory.createConfiguration("mqtt.resilient.CloudConnection"));
        assertEquals("delete mqtt.resilient.CloudClient false", done.get(1));
    }

    @Test
    void anotherNameIsRefused() {
        for (String pid : List.of("", "x", "mqtt.resilient.CloudConnection-", "mqtt.resilient.CloudConnection-a b")) {
            String reason = assertThrows(KuraException.class, () -> factory.createConfiguration(pid)).getMessage();
            assertTrue(reason.contains("\"" + pid + "\""), reason);
        }
        assertEquals(List.of(), done);
    }
}
