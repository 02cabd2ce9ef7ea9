package mqtt.resilient.impl.environment;

import java.net.InetAddress;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** The network. All methods on the loop only; all answers come on the loop, never before the method returns. */
public interface Network {
    /** Resolves a name. The answer is the addresses, or null and a reason in words. */
    void resolve(String host, BiConsumer<List<InetAddress>, String> answer);

    /** The address that a host already is, or null if it is a name. */
    InetAddress literal(String host);

    /** Whether an address is on a network that this machine is directly attached to. */
    boolean isOnLink(InetAddress address);

    /** The name of the interface over which the system sends to an address; empty = it has no route to it. */
    String wayTo(InetAddress address);

    /** Begins to connect. */
    Connection connect(Route route, ConnectionHandler handler);

    /** Asks a name server (UDP) anything; answers whether a reply came within a few seconds. */
    void queryDns(String server, int port, Consumer<Boolean> answer);
}
