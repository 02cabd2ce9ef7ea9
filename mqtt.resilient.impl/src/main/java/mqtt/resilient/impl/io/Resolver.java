package mqtt.resilient.impl.io;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.Security;
import java.util.List;
import java.util.regex.Pattern;

/** Names and addresses. */
final class Resolver {
    private static final String OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    private static final Pattern IPV4 = Pattern.compile(OCTET + "(\\." + OCTET + "){3}");

    /**
     * The answer of the resolver.
     *
     * @param addresses what it found, or null
     * @param error why it found nothing
     */
    record Answer(List<InetAddress> addresses, String error) {
    }

    private Resolver() {
    }

    /** The address that a host already is, or null; nothing is looked up. */
    static InetAddress literal(String host) {
        if (!host.contains(":") && !IPV4.matcher(host).matches()) {
            return null;
        }
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            return null; // a colon does not make an address
        }
    }

    /** Whether this JVM asks only once for the address of a name, and would not notice that it has changed. */
    static boolean keepsAddresses() {
        String seconds = Security.getProperty("networkaddress.cache.ttl");
        return seconds != null && seconds.strip().startsWith("-");
    }

    /** Resolves a name; blocks. */
    static Answer lookUp(String host) {
        try {
            return new Answer(List.of(InetAddress.getAllByName(host)), "");
        } catch (UnknownHostException e) {
            String detail = String.valueOf(e.getMessage()).replace(host, "").replaceFirst("^: *", "");
            return new Answer(null, "unknown host" + (detail.isEmpty() ? "" : " (" + detail + ")"));
        } catch (RuntimeException e) {
            return new Answer(null, e.toString());
        }
    }
}
