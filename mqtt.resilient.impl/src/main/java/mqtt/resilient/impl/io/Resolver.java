package mqtt.resilient.impl.io;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;

/**
 * Resolves names off the loop, on at most four threads. Who asks for a name that is being resolved gets the same answer,
 * so a resolver that hangs is asked once, not once per attempt.
 */
final class Resolver {
    private static final int MAX_THREADS = 4;
    private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    private static final Pattern IPV4 = Pattern.compile(OCTET + "(\\." + OCTET + "){3}");

    private final EventLoop loop;
    private final ThreadPoolExecutor threads = Threads.pool("mqtt-resolve", MAX_THREADS);
    private final Map<String, List<BiConsumer<List<InetAddress>, String>>> waiting = new HashMap<>();

    Resolver(EventLoop loop) {
        this.loop = loop;
    }

    /** The address that a host already is, or null; nothing is looked up. */
    static InetAddress literal(String host) {
        if (!host.contains(":") && !IPV4.matcher(host).matches()) {
            return null;
        }
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            return null; // a colon does not make an address
        }
    }

    /** On the loop. */
    void resolve(String host, BiConsumer<List<InetAddress>, String> answer) {
        List<BiConsumer<List<InetAddress>, String>> others = waiting.get(host);
        if (others != null) {
            others.add(answer);
            return;
        }
        waiting.put(host, new ArrayList<>(List.of(answer)));
        try {
            threads.execute(() -> lookUp(host));
        } catch (RejectedExecutionException e) {
            loop.execute(() -> answer(host, null, "the client is stopping"));
        }
    }

    private void lookUp(String host) {
        List<InetAddress> found = null;
        String error = "";
        try {
            found = List.of(InetAddress.getAllByName(host));
        } catch (UnknownHostException e) {
            error = "unknown host";
        } catch (RuntimeException e) {
            error = e.toString();
        }
        List<InetAddress> addresses = found;
        String reason = error;
        loop.execute(() -> answer(host, addresses, reason));
    }

    private void answer(String host, List<InetAddress> addresses, String error) {
        for (BiConsumer<List<InetAddress>, String> answer : waiting.remove(host)) {
            answer.accept(addresses, error);
        }
    }

    void stop() {
        threads.shutdownNow();
    }
}
