package mqtt.resilient.impl.io;

import java.io.FileInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import mqtt.resilient.impl.environment.Handlers;
import mqtt.resilient.impl.environment.Log;
import mqtt.resilient.spi.NetworkState;
import mqtt.resilient.spi.NetworkStateSource;

/**
 * The network as the operating system shows it: interfaces, addresses and default routes, looked at once a second on
 * the thread {@code mqtt-network}, together with the two clocks. UP with a default route, DOWN without any address but
 * loopback's, else UNKNOWN.
 */
public final class SystemNetwork implements NetworkStateSource {
    static {
        Handlers.prepare(Throwable.class);
    }

    private static final Log LOG = Log.of(SystemNetwork.class);
    private static final long PERIOD_MILLIS = 900;
    private static final long JUMP_MILLIS = 5000;
    private static final Path INTERFACES = Path.of("/sys/class/net");
    private static final Path ROUTES = Path.of("/proc/net/route");
    private static final Path ROUTES_6 = Path.of("/proc/net/ipv6_route");
    private static final String ANY_6 = "0".repeat(32) + " 00 ";
    private static final Path ADDRESSES_6 = Path.of("/proc/net/if_inet6");
    private static final int REJECT_FLAG = 0x200;
    /** What the cheap look does not show, such as another address in the same network, is found by every tenth look. */
    private static final int FULL_LOOK_EVERY = 10;

    /** What was seen at one moment. */
    private record View(NetworkState state, Set<String> facts, List<InterfaceAddress> addresses,
            Set<String> interfaces) {
    }

    private final Thread thread = new EngineThread(this::run, "mqtt-network");
    private final List<Consumer<NetworkState>> listeners = new CopyOnWriteArrayList<>();
    private final Runnable clockJumped;
    private volatile View view = look();
    private long clockDifference = clockDifference();
    private boolean failed;
    private volatile boolean stopped;
    private int quickView;
    private int looks;

    /**
     * Begins to watch.
     *
     * @param clockJumped runs when wall clock and monotonic clock have moved apart by more than five seconds: somebody
     *        set the clock, or the machine slept
     */
    public SystemNetwork(Runnable clockJumped) {
        this.clockJumped = clockJumped;
        Threads.start(thread);
    }

    public void stop() {
        stopped = true;
        thread.interrupt();
    }

    private void run() {
        while (!stopped) {
            Threads.sleep(PERIOD_MILLIS);
            if (!stopped) {
                check();
            }
        }
    }

    private void check() {
        try {
            lookIfChanged();
            long difference = clockDifference();
            if (Math.abs(difference - clockDifference) > JUMP_MILLIS) {
                LOG.info("Wall clock changed by {} ms (suspend, or the clock was set); connections are checked",
                        difference - clockDifference);
                clockJumped.run();
            }
            clockDifference = difference;
            failed = false;
        } catch (Throwable e) { // no heap or no descriptors now: the next look may have them
            report(e);
        }
    }

    private void report(Throwable e) {
        boolean first = !failed;
        failed = true;
        try {
            if (first) {
                LOG.warn("The state of the network cannot be read", e);
            }
        } catch (Throwable again) {
            failed = false; // said the next time
        }
    }

    private void lookIfChanged() {
        int quick = quickView();
        if (quick != 0 && quick == quickView && ++looks % FULL_LOOK_EVERY != 0) {
            return;
        }
        quickView = quick;
        View before = view;
        View now = look();
        view = now;
        if (now.state != before.state || now.state == NetworkState.UP && !now.facts.equals(before.facts)) {
            LOG.info("Network {}: {}", now.state, now.facts);
            listeners.forEach(listener -> listener.accept(now.state));
        }
    }

    /** A hash of what a cheap look shows; 0 where there is none. This code runs too seldom ever to be compiled. */
    private int quickView() {
        int all = 31 * hash(ROUTES) + hash(ADDRESSES_6);
        for (String name : view.interfaces) { // a pulled cable changes neither routes nor addresses
            all = 31 * all + hash(INTERFACES.resolve(name).resolve("operstate"));
        }
        return all;
    }

    private static int hash(Path file) {
        try (FileInputStream in = new FileInputStream(file.toFile())) {
            return Arrays.hashCode(in.readAllBytes());
        } catch (IOException e) {
            return 0;
        }
    }

    private static long clockDifference() {
        return System.currentTimeMillis() - System.nanoTime() / 1_000_000;
    }

    private static View look() {
        Set<String> facts = new TreeSet<>();
        List<InterfaceAddress> addresses = new ArrayList<>();
        Set<String> interfaces = new TreeSet<>();
        try {
            for (NetworkInterface each : Collections.list(NetworkInterface.getNetworkInterfaces())) {
                interfaces.add(each.getName());
                if (!each.isLoopback() && each.isUp()) {
                    for (InterfaceAddress address : each.getInterfaceAddresses()) {
                        if (!address.getAddress().isLinkLocalAddress()) {
                            addresses.add(address);
                            facts.add(each.getName() + " " + address.getAddress().getHostAddress());
                        }
                    }
                }
            }
        } catch (SocketException e) {
            return new View(NetworkState.UNKNOWN, Set.of("unknown: " + e.getMessage()), List.of(), Set.of());
        }
        Set<String> routes = addresses.isEmpty() ? Set.of() : defaultRoutes();
        facts.addAll(routes);
        NetworkState state = addresses.isEmpty() ? NetworkState.DOWN
                : routes.isEmpty() && Files.isReadable(ROUTES) ? NetworkState.UNKNOWN : NetworkState.UP;
        return new View(state, facts, addresses, interfaces);
    }

    private static Set<String> defaultRoutes() {
        Set<String> routes = new TreeSet<>();
        for (String line : lines(ROUTES)) {
            String[] words = line.split("\\s+");
            if (words.length > 7 && words[1].equals("00000000") && words[7].equals("00000000")) {
                routes.add("default " + words[0] + " " + words[2]);
            }
        }
        for (String line : lines(ROUTES_6)) {
            String[] words = line.startsWith(ANY_6) ? line.split("\\s+") : new String[0];
            if (words.length > 9 && !words[9].equals("lo") && (Long.parseLong(words[8], 16) & REJECT_FLAG) == 0) {
                routes.add("default " + words[9] + " " + words[4]);
            }
        }
        return routes;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            return List.of(); // no IPv6, for example
        }
    }

    @Override
    public String name() {
        return "system";
    }

    @Override
    public NetworkState state() {
        return view.state;
    }

    @Override
    public AutoCloseable listen(Consumer<NetworkState> listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /** Whether an address is on a network that this machine is directly attached to. */
    public boolean isOnLink(InetAddress address) {
        byte[] wanted = address.getAddress();
        return view.addresses.stream().anyMatch(each -> {
            byte[] own = each.getAddress().getAddress();
            BigInteger difference = new BigInteger(1, own).xor(new BigInteger(1, wanted));
            return own.length == wanted.length
                    && difference.bitLength() <= 8 * own.length - each.getNetworkPrefixLength();
        });
    }
}
