package org.eclipse.kura.net.status;

import java.util.Optional;
import org.eclipse.kura.net.IP4Address;
import org.eclipse.kura.net.IP6Address;

/** Kura's own has a builder and more getters; this one is filled by subclasses. */
public abstract class NetworkInterfaceStatus {
    public abstract String getInterfaceName();

    public abstract NetworkInterfaceType getType();

    public abstract NetworkInterfaceState getState();

    public abstract Optional<NetworkInterfaceIpAddressStatus<IP4Address>> getInterfaceIp4Addresses();

    public abstract Optional<NetworkInterfaceIpAddressStatus<IP6Address>> getInterfaceIp6Addresses();
}
