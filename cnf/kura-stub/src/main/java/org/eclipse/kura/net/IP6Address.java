package org.eclipse.kura.net;

public class IP6Address extends IPAddress {
    private final String address;

    public IP6Address(String address) {
        this.address = address;
    }

    @Override
    public String getHostAddress() {
        return address;
    }
}
