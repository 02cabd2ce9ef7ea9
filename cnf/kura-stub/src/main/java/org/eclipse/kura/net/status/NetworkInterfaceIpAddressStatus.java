package org.eclipse.kura.net.status;

import java.util.List;
import java.util.Optional;
import org.eclipse.kura.net.IPAddress;

public class NetworkInterfaceIpAddressStatus<T extends IPAddress> {
    private final List<NetworkInterfaceIpAddress<T>> addresses;
    private final T gateway;

    public NetworkInterfaceIpAddressStatus(List<NetworkInterfaceIpAddress<T>> addresses, T gateway) {
        this.addresses = addresses;
        this.gateway = gateway;
    }

    public List<NetworkInterfaceIpAddress<T>> getAddresses() {
        return addresses;
    }

    public Optional<T> getGateway() {
        return Optional.ofNullable(gateway);
    }
}
