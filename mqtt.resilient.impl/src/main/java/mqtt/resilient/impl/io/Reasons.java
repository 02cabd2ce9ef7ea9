package mqtt.resilient.impl.io;

import java.io.IOException;
import javax.net.ssl.SSLException;
import mqtt.resilient.impl.environment.Route;

/** Why a connection failed, in the user's words. */
final class Reasons {
    private static final String KEPT_ADDRESS = "; this JVM keeps the address of a name for ever"
            + " (networkaddress.cache.ttl=-1 in its file java.security)";

    private Reasons() {
    }

    /** Where the TCP connection of a route goes, if it is not the broker. */
    static String toProxy(Route route) {
        return route.proxy() == null ? "" : " to the proxy " + route.proxy();
    }

    /**
     * What an exception says.
     *
     * @param connecting whether there was no TCP connection
     * @param securing whether TLS was being set up
     * @param opening the dialogue that was going on; null = none
     */
    static String of(Exception e, Route route, boolean connecting, boolean securing, Prelude opening) {
        if (securing || e instanceof SSLException) {
            return "TLS: " + TlsErrors.describe(e);
        }
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        if (connecting) {
            return "no TCP connection" + toProxy(route) + ": " + message
                    + (Resolver.keepsAddresses() ? KEPT_ADDRESS : "");
        }
        return opening != null && e instanceof IOException io && isFromPeer(io) ? message + " during " + opening
                : message;
    }

    static boolean isFromPeer(IOException e) {
        String message = String.valueOf(e.getMessage());
        return message.contains("reset") || message.contains("Broken pipe");
    }
}
