package mqtt.resilient.impl.link;

import java.net.InetAddress;
import java.util.List;
import java.util.stream.Collectors;
import mqtt.resilient.impl.environment.Network;

/** Over which interface connections go: the system's routes choose, and {@code network.interfaces} may forbid it. */
final class Way {
    private Way() {
    }

    /** Those addresses that may be connected to now. */
    static List<InetAddress> allowed(Network network, LinkSettings settings, List<InetAddress> addresses) {
        return addresses.stream().filter(each -> isAllowed(network, settings, each)).toList();
    }

    static boolean isAllowed(Network network, LinkSettings settings, InetAddress address) {
        return settings.network().interfaces().isEmpty()
                || settings.network().interfaces().contains(network.wayTo(address));
    }

    /** Why none of these addresses may be connected to. */
    static String refusal(Network network, LinkSettings settings, List<InetAddress> addresses) {
        String routes = addresses.stream().map(each -> {
            String way = network.wayTo(each);
            return way.isEmpty() ? "there is no route to " + each.getHostAddress()
                    : "the route to " + each.getHostAddress() + " leads over " + way;
        }).collect(Collectors.joining(", "));
        return routes + "; network.interfaces allows " + String.join(", ", settings.network().interfaces());
    }
}
