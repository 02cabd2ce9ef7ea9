package mqtt.resilient.impl.environment;

import java.net.InetAddress;
import java.util.List;
import java.util.function.BiConsumer;

/** The network. All methods on the loop only; all answers come on the loop, never before the method returns. */
public interface Network {
    /** Resolves a name. The answer is the addresses, or null and a reason in words. */
    void resolve(String host, BiConsumer<List<InetAddress>, String> answer);

    /** Begins to connect. */
    Connection connect(InetAddress address, int port, ConnectionHandler handler);
}
