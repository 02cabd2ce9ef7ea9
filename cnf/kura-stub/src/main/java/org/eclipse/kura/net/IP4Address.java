package org.eclipse.kura.net;

public class IP4Address extends IPAddress {
    private final String address;

    public IP4Address(String address) {
        this.address = address;
    }

    @Override
    public String getHostAddress() {
        return address;
    }
}
