package mqtt.resilient.kura.network;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mqtt.resilient.spi.NetworkState;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.net.IPAddress;
import org.eclipse.kura.net.status.NetworkInterfaceIpAddressStatus;
import org.eclipse.kura.net.status.NetworkInterfaceState;
import org.eclipse.kura.net.status.NetworkInterfaceStatus;
import org.eclipse.kura.net.status.NetworkInterfaceType;
import org.eclipse.kura.net.status.NetworkStatusService;

/**
 * What Kura says of the network at one moment.
 *
 * @param state UP with an interface that has an address and a gateway; DOWN when none has and Kura knows all of them
 * @param facts what that is concluded from: while UP, another text is another way out
 */
record NetworkView(NetworkState state, String facts) {
    static final NetworkView UNKNOWN = new NetworkView(NetworkState.UNKNOWN, "Kura does not know");

    /** One interface: how far it is, and by which address. */
    private record Seen(String name, boolean online, boolean uncertain, String text) {
    }

    /**
     * Asks for each interface; blocks for as long as Kura likes.
     *
     * @param preferred the names of the interfaces that count, in this order; empty = all
     */
    static NetworkView of(NetworkStatusService service, List<String> preferred) throws KuraException {
        List<Seen> all = new ArrayList<>();
        for (String id : service.getInterfaceIds()) { // of a modem, that is not its name
            Optional<NetworkInterfaceStatus> status = service.getNetworkStatus(id);
            if (status.isPresent() && status.get().getType() != NetworkInterfaceType.LOOPBACK) {
                all.add(seen(status.get()));
            }
        }
        if (all.isEmpty()) {
            return UNKNOWN;
        }
        List<Seen> counting = preferred.isEmpty() ? all : preferred.stream()
                .flatMap(name -> all.stream().filter(each -> each.name.equals(name))).toList();
        List<Seen> online = counting.stream().filter(Seen::online).toList();
        if (!online.isEmpty()) { // of those preferred the first one; else any change may be another way out
            return new NetworkView(NetworkState.UP, preferred.isEmpty() ? texts(online) : online.get(0).text);
        }
        return new NetworkView(counting.stream().anyMatch(Seen::uncertain) ? NetworkState.UNKNOWN : NetworkState.DOWN,
                texts(all));
    }

    private static Seen seen(NetworkInterfaceStatus status) {
        String addresses = addresses(status.getInterfaceIp4Addresses()) + addresses(status.getInterfaceIp6Addresses());
        NetworkInterfaceState state = status.getState();
        boolean activated = state == NetworkInterfaceState.ACTIVATED && !addresses.isEmpty();
        boolean online = activated && (hasGateway(status.getInterfaceIp4Addresses())
                || hasGateway(status.getInterfaceIp6Addresses()));
        boolean uncertain = activated || state == NetworkInterfaceState.UNKNOWN
                || state == NetworkInterfaceState.UNMANAGED;
        return new Seen(status.getInterfaceName(), online, uncertain,
                status.getInterfaceName() + " " + state + addresses);
    }

    private static <T extends IPAddress> String addresses(Optional<NetworkInterfaceIpAddressStatus<T>> status) {
        StringBuilder all = new StringBuilder();
        status.ifPresent(one -> one.getAddresses()
                .forEach(each -> all.append(' ').append(each.getAddress().getHostAddress())));
        return all.toString();
    }

    private static <T extends IPAddress> boolean hasGateway(Optional<NetworkInterfaceIpAddressStatus<T>> status) {
        return status.isPresent() && status.get().getGateway().isPresent();
    }

    private static String texts(List<Seen> interfaces) {
        return String.join(", ", interfaces.stream().map(Seen::text).sorted().toList());
    }
}
