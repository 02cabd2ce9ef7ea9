package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.spi.NetworkState;
import mqtt.resilient.spi.NetworkStateSource;
import org.eclipse.kura.KuraErrorCode;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.configuration.ComponentConfiguration;
import org.eclipse.kura.configuration.ConfigurationService;
import org.eclipse.kura.configuration.metatype.OCD;
import org.eclipse.kura.net.IP4Address;
import org.eclipse.kura.net.IP6Address;
import org.eclipse.kura.net.NetworkService;
import org.eclipse.kura.net.status.NetworkInterfaceIpAddress;
import org.eclipse.kura.net.status.NetworkInterfaceIpAddressStatus;
import org.eclipse.kura.net.status.NetworkInterfaceState;
import org.eclipse.kura.net.status.NetworkInterfaceStatus;
import org.eclipse.kura.net.status.NetworkInterfaceType;
import org.eclipse.kura.net.status.NetworkStatusService;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.osgi.framework.ServiceReference;
import org.osgi.service.event.Event;
import org.osgi.service.event.EventAdmin;

/** The network as Kura knows it. */
class KuraNetworkTest extends FrameworkTest {
    private static final String PID = "mqtt.resilient.kura.network";
    private static final String FACTORY = "mqtt.resilient.kura.client";
    private static final String HINT = "org/eclipse/kura/net/NetworkEvent/STATE_CHANGED";
    private static final NetworkInterfaceState UP = NetworkInterfaceState.ACTIVATED;
    private static final NetworkInterfaceState DOWN = NetworkInterfaceState.DISCONNECTED;

    private final KuraStandIn kura = closing(KuraStandIn.complete(context));
    private final Interfaces interfaces = new Interfaces();

    /** Interfaces by their ids; answers as long as nothing blocks it. */
    private static final class Interfaces implements NetworkStatusService {
        private final Map<String, NetworkInterfaceStatus> all = new ConcurrentHashMap<>();
        private final AtomicInteger asked = new AtomicInteger();
        private final Set<String> askers = ConcurrentHashMap.newKeySet();
        private volatile CountDownLatch blocked = new CountDownLatch(0);
        /** Runs at every question when it is set, and the answer fails. */
        private volatile Runnable failing;

        void put(String id, String name, NetworkInterfaceState state, String address, boolean gateway) {
            all.put(id, new Interface(name, state, address, gateway));
        }

        @Override
        public Optional<NetworkInterfaceStatus> getNetworkStatus(String interfaceId) {
            return Optional.ofNullable(all.get(interfaceId));
        }

        @Override
        public Optional<NetworkInterfaceStatus> getNetworkStatus(String interfaceId, boolean recompute) {
            throw new AssertionError("costs a scan of every wireless network");
        }

        @Override
        public List<String> getInterfaceIds() throws KuraException {
            asked.incrementAndGet();
            askers.add(Thread.currentThread().getName());
            try {
                blocked.await();
            } catch (InterruptedException e) {
                throw new KuraException(KuraErrorCode.IO_ERROR, e);
            }
            if (failing != null) {
                failing.run();
                throw new KuraException(KuraErrorCode.IO_ERROR, "no bus");
            }
            return List.copyOf(all.keySet());
        }
    }

    private static final class Interface extends NetworkInterfaceStatus {
        private final String name;
        private final NetworkInterfaceState state;
        private final String address;
        private final boolean gateway;

        Interface(String name, NetworkInterfaceState state, String address, boolean gateway) {
            this.name = name;
            this.state = state;
            this.address = address;
            this.gateway = gateway;
        }

        @Override
        public String getInterfaceName() {
            return name;
        }

        @Override
        public NetworkInterfaceType getType() {
            return name.equals("lo") ? NetworkInterfaceType.LOOPBACK : NetworkInterfaceType.ETHERNET;
        }

        @Override
        public NetworkInterfaceState getState() {
            return state;
        }

        @Override
        public Optional<NetworkInterfaceIpAddressStatus<IP4Address>> getInterfaceIp4Addresses() {
            return address.isEmpty() ? Optional.empty() : Optional.of(new NetworkInterfaceIpAddressStatus<>(
                    List.of(new NetworkInterfaceIpAddress<>(new IP4Address(address), (short) 24)),
                    gateway ? new IP4Address("10.0.0.1") : null));
        }

        @Override
        public Optional<NetworkInterfaceIpAddressStatus<IP6Address>> getInterfaceIp6Addresses() {
            return Optional.empty();
        }
    }

    private void seed(Object... keysAndValues) {
        interfaces.put("lo", "lo", UP, "127.0.0.1", true);
        kura.register(NetworkStatusService.class, interfaces);
        kura.seed(bundle("mqtt.resilient.kura"), PID, keysAndValues);
    }

    private void hint() {
        EventAdmin events = context.getService(context.getServiceReference(EventAdmin.class));
        events.sendEvent(new Event(HINT, Map.of()));
    }

    private Optional<NetworkStateSource> source() {
        ServiceReference<NetworkStateSource> reference = context.getServiceReference(NetworkStateSource.class);
        return Optional.ofNullable(reference == null ? null : context.getService(reference));
    }

    private NetworkStateSource await(NetworkState state) {
        Await.until("the state " + state,
                () -> source().map(NetworkStateSource::state).orElse(NetworkState.UNKNOWN) == state);
        return source().orElse(null);
    }

    private void hintUntil(NetworkState state) {
        hint();
        await(state);
    }

    // ---- what is up -----------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({ "ACTIVATED,10.0.0.2,true,UP", "ACTIVATED,10.0.0.2,false,UNKNOWN", "ACTIVATED,'',false,DOWN",
        "DISCONNECTED,'',false,DOWN", "FAILED,'',false,DOWN", "UNAVAILABLE,'',false,DOWN", "IP_CONFIG,'',false,DOWN",
        "UNKNOWN,'',false,UNKNOWN", "UNMANAGED,'',false,UNKNOWN" })
    void anInterfaceIsUpWithAnAddressAndAGatewayAndDownOnlyIfKuraKnowsIt(NetworkInterfaceState state, String address,
            boolean gateway, NetworkState expected) {
        interfaces.put("eth1", "eth1", DOWN, "", false);
        interfaces.put("eth0", "eth0", state, address, gateway);
        seed();
        Await.until("an answer", () -> interfaces.asked.get() > 0);
        await(expected);
        assertEquals(expected != NetworkState.UNKNOWN, source().isPresent());
        source().ifPresent(source -> assertEquals("kura", source.name()));
    }

    @Test
    void whereKuraKnowsNothingThereIsNoSourceAndTheSystemsIsUsed() {
        seed();
        Await.until("an answer", () -> interfaces.asked.get() > 0);
        hint();
        Await.until("another answer", () -> interfaces.asked.get() > 1);
        assertFalse(source().isPresent());
        clients.connected("plain", broker, "network.source", "kura");
    }

    @Test
    void onlyTheInterfacesThatAreNamedCountAndAChangeToAnotherOfThemIsTold() {
        interfaces.put("eth0", "eth0", UP, "10.0.0.2", true);
        interfaces.put("1-4", "ppp0", UP, "10.1.0.2", true);
        interfaces.put("wlan0", "wlan0", UP, "10.2.0.2", true);
        seed("interfaces", new String[] { "eth0", "ppp0" });
        NetworkStateSource source = await(NetworkState.UP);
        List<NetworkState> told = new CopyOnWriteArrayList<>();
        source.listen(told::add);
        interfaces.put("1-4", "ppp0", UP, "10.1.0.3", true);
        interfaces.put("eth0", "eth0", DOWN, "", false);
        hint();
        Await.until("the reserve is told", () -> told.equals(List.of(NetworkState.UP)));
        interfaces.put("1-4", "ppp0", DOWN, "", false);
        hintUntil(NetworkState.DOWN);
        interfaces.put("eth0", "eth0", UP, "10.0.0.2", true);
        hintUntil(NetworkState.UP);
        Await.until("all is told", () -> told.equals(List.of(NetworkState.UP, NetworkState.DOWN, NetworkState.UP)));
    }

    @Test
    void theStateThatTheEmulatorAlwaysGivesIsNotBelieved() {
        AtomicInteger asked = new AtomicInteger();
        kura.register(NetworkService.class, new NetworkService() {
            @Override
            @Deprecated
            public org.eclipse.kura.net.NetworkState getState() {
                asked.incrementAndGet();
                return org.eclipse.kura.net.NetworkState.CONNECTED_GLOBAL;
            }
        });
        kura.seed(bundle("mqtt.resilient.kura"), PID);
        hint();
        interfaces.put("eth0", "eth0", DOWN, "", false);
        kura.register(NetworkStatusService.class, interfaces);
        await(NetworkState.DOWN);
        assertEquals(0, asked.get());
    }

    @Test
    void oneAnswerThatFailsChangesNothingAndThreeMakeTheStateUnknown() {
        interfaces.put("eth0", "eth0", UP, "10.0.0.2", true);
        seed("poll.seconds", 3600);
        await(NetworkState.UP);
        List<Boolean> known = new CopyOnWriteArrayList<>();
        interfaces.failing = () -> known.add(source().isPresent());
        Await.until("the source is gone", () -> {
            hint();
            return source().isEmpty();
        });
        assertEquals(List.of(true, true, true), List.copyOf(known).subList(0, 3));
    }

    // ---- clients --------------------------------------------------------------------------------------------------

    @Test
    void aNetworkThatComesUpBringsTheNextAttemptForward() {
        interfaces.put("eth0", "eth0", DOWN, "", false);
        seed();
        await(NetworkState.DOWN);
        TestBroker late = closing(new TestBroker());
        kura.create(FACTORY, "plant", "brokers", late.uri(), "protocol", "3.1.1", "backoff.min.ms", 3_600_000,
                "backoff.max.seconds", 86_400);
        ResilientMqttClient client = clients.service("plant");
        Await.until("an attempt", () -> client.status().state() == ConnectionState.WAITING);
        late.start();
        interfaces.put("eth0", "eth0", UP, "10.0.0.2", true);
        hint();
        Clients.awaitConnected(client);
    }

    @Test
    void aKuraThatDoesNotAnswerHoldsNobodyUp() {
        interfaces.put("eth0", "eth0", UP, "10.0.0.2", true);
        seed();
        await(NetworkState.UP);
        CountDownLatch blocked = new CountDownLatch(1);
        closing(blocked::countDown);
        interfaces.blocked = blocked;
        int before = interfaces.asked.get();
        hint();
        Await.until("Kura is asked", () -> interfaces.asked.get() > before);
        ResilientMqttClient client = clients.connected("plant", broker, "network.source", "kura");
        assertEquals(Outcome.Kind.DELIVERED, Await.result(client.publish(Message.to("x").build()).delivered()).kind());
        kura.update(PID, "poll.seconds", 20);
        kura.delete(PID);
        Await.until("the source is gone", () -> source().isEmpty());
        Await.until("the thread has ended", () -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().equals("mqtt-kura-network")));
        assertEquals(Set.of("mqtt-kura-network"), interfaces.askers);
    }

    @Test
    void aBadValueOfTheNetworksConfigurationLeavesTheLastGoodOne() {
        interfaces.put("eth0", "eth0", UP, "10.0.0.2", true);
        seed("interfaces", "eth0");
        await(NetworkState.UP);
        for (Object bad : new Object[] { "soon", -1, new String[] { "1", "2" }, "" }) {
            kura.update(PID, "poll.seconds", bad, "interfaces", "wlan0");
            hintUntil(NetworkState.UP);
        }
        kura.update(PID, "poll.seconds", "7", "interfaces", "not an interface");
        hintUntil(NetworkState.UP);
        kura.update(PID, "interfaces", new String[] { "wlan0" });
        await(NetworkState.DOWN);
    }

    // ---- bounce ---------------------------------------------------------------------------------------------------

    private static final class Configurations implements ConfigurationService {
        private static final String CONFIGURATION = "org.eclipse.kura.net.admin.NetworkConfigurationService";
        private static final String KEY = "net.interface.ppp0.config.ip4.status";
        private final List<String> changes = new CopyOnWriteArrayList<>();
        private final Map<String, Object> values = new ConcurrentHashMap<>(Map.of(KEY, "netIPv4StatusEnabledWAN"));

        @Override
        public Set<String> getFactoryComponentPids() {
            return Set.of();
        }

        @Override
        public Set<String> getConfigurableComponentPids() {
            return Set.of(CONFIGURATION);
        }

        @Override
        public void createFactoryConfiguration(String factoryPid, String pid, Map<String, Object> properties,
                boolean takeSnapshot) {
            throw new AssertionError(pid);
        }

        @Override
        public void deleteFactoryConfiguration(String pid, boolean takeSnapshot) {
            throw new AssertionError(pid);
        }

        @Override
        public ComponentConfiguration getComponentConfiguration(String pid) {
            assertEquals(CONFIGURATION, pid);
            return new ComponentConfiguration() {
                @Override
                public String getPid() {
                    return pid;
                }

                @Override
                public OCD getDefinition() {
                    return null;
                }

                @Override
                public Map<String, Object> getConfigurationProperties() {
                    return new HashMap<>(values);
                }
            };
        }

        @Override
        public void updateConfiguration(String pid, Map<String, Object> properties) {
            updateConfiguration(pid, properties, true);
        }

        @Override
        public void updateConfiguration(String pid, Map<String, Object> properties, boolean takeSnapshot) {
            values.putAll(properties);
            changes.add(new TreeMap<>(properties) + (takeSnapshot ? " with a snapshot" : ""));
        }
    }

    private List<String> changesAfterFailures(Object... network) {
        Configurations configurations = new Configurations();
        kura.register(ConfigurationService.class, configurations);
        interfaces.put("1-4", "ppp0", UP, "10.0.0.2", true);
        seed(network);
        await(NetworkState.UP);
        List<Object> settings = new ArrayList<>(
                List.of("brokers", "mqtt://127.0.0.1:" + TestBroker.freePort(), "protocol",
                        "3.1.1", "backoff.min.ms", 10, "backoff.max.seconds", 1, "network.bounce.after", 2));
        kura.create(FACTORY, "plant", settings.toArray());
        ResilientMqttClient client = clients.service("plant");
        Await.until("some attempts", () -> client.status().attempt() > 8);
        return configurations.changes;
    }

    @Test
    void theInterfaceIsDisabledAndEnabledAfterFailuresOnceInAWhile() {
        List<String> changes = changesAfterFailures("bounce.interface", "ppp0", "bounce.seconds", 1);
        Await.until("the interface is enabled again", () -> changes.size() == 2);
        assertEquals(List.of("{" + Configurations.KEY + "=netIPv4StatusDisabled}",
                "{" + Configurations.KEY + "=netIPv4StatusEnabledWAN}"), changes);
    }

    @Test
    void noInterfaceIsTouchedUnlessThatIsAskedFor() {
        assertEquals(List.of(), changesAfterFailures());
    }

    @Test
    void aBounceThatIsInterruptedByAStopEnablesTheInterface() {
        List<String> changes = changesAfterFailures("bounce.interface", "ppp0", "bounce.seconds", 300);
        Await.until("the interface is disabled", () -> changes.size() == 1);
        kura.delete(PID);
        Await.until("the interface is enabled again", () -> changes.size() == 2);
        assertTrue(changes.get(1).contains("EnabledWAN"));
    }
}
