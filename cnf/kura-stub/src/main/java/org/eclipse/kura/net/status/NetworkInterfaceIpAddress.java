package org.eclipse.kura.net.status;

import org.eclipse.kura.net.IPAddress;

public class NetworkInterfaceIpAddress<T extends IPAddress> {
    private final T address;
    private final short prefix;

    public NetworkInterfaceIpAddress(T address, short prefix) {
        this.address = address;
        this.prefix = prefix;
    }

    public T getAddress() {
        return address;
    }

    public short getPrefix() {
        return prefix;
    }
}
