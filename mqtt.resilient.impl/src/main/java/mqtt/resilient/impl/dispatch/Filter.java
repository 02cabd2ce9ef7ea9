package mqtt.resilient.impl.dispatch;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import mqtt.resilient.spi.packet.Subscribe;

/** A topic filter: who listens to it, and who has left and may come back. On the loop only. */
final class Filter {
    final Map<InboundQueue, Integer> listeners = new LinkedHashMap<>();
    final ArrayList<Departed> departed = new ArrayList<>();
    /** Stands for whoever listened before a restart, while it is restored; null = nobody. */
    InboundQueue former;

    /** The options that serve all listeners, also those that may come back ({@link Subscribe.Request#options()}). */
    int options() {
        return options(null);
    }

    /** The options that serve all listeners but one; null = but none. */
    int options(Object leaves) {
        return Stream.concat(listeners.entrySet().stream().filter(each -> each.getKey() != leaves)
                .map(Map.Entry::getValue), departed.stream().filter(each -> each != leaves).map(each -> each.options))
                .reduce(Subscribe.Request::merge).orElse(0);
    }

    /** Whether RETAIN says how a message was published, and not that it answers a SUBSCRIBE. */
    boolean retainsAsPublished() {
        return (options() & Subscribe.Request.RETAIN_AS_PUBLISHED) != 0;
    }

    /** Whether there is anybody else who listens, or may come back. */
    boolean hasOthers(Object leaves) {
        return listeners.size()
                + departed.size() > (listeners.containsKey(leaves) || departed.contains(leaves) ? 1 : 0);
    }

    /**
     * The departed listener whose held messages a new one gets: that of the same description. If the filter has no
     * listener, also another one, unless the new one is an onlooker (QoS 0).
     */
    Departed predecessor(InboundQueue queue, int options) {
        return departed.stream().filter(each -> each.queue.description.equals(queue.description)).findFirst()
                .orElse(listeners.isEmpty() && !departed.isEmpty() && (options & Subscribe.Request.QOS) > 0
                        ? departed.get(0) : null);
    }
}
