package org.eclipse.kura.net;

public abstract class IPAddress {
    public abstract String getHostAddress();
}
