package org.eclipse.kura.net.status;

public enum NetworkInterfaceType {
    UNKNOWN, ETHERNET, WIFI, MODEM, VLAN, LOOPBACK, BRIDGE, TUN
}
