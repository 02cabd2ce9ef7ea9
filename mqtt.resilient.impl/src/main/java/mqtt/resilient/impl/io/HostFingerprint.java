package mqtt.resilient.impl.io;

import java.io.IOException;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.TreeSet;

/** Tells one machine from a clone of it: a hash over the machine id and the hardware addresses. */
public final class HostFingerprint {
    private static final int SHOWN_BYTES = 16;

    private HostFingerprint() {
    }

    /** The fingerprint of this machine. Blocks. */
    public static String read() {
        StringBuilder facts = new StringBuilder();
        try {
            facts.append(Files.readString(Path.of("/etc/machine-id")).strip());
        } catch (IOException e) {
            facts.append("no machine id");
        }
        try {
            TreeSet<String> addresses = new TreeSet<>();
            NetworkInterface.networkInterfaces().filter(HostFingerprint::isHardware).forEach(each -> {
                byte[] address = addressOf(each);
                if (address != null) {
                    addresses.add(HexFormat.of().formatHex(address));
                }
            });
            facts.append(addresses);
        } catch (SocketException e) {
            facts.append("no interfaces");
        }
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(facts.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, SHOWN_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Tells one run of the machine from another; where it does not tell, one run of the process. Blocks. */
    public static String bootId() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
        } catch (IOException e) {
            return "process " + ProcessHandle.current().pid() + " of " + ProcessHandle.current().info().startInstant();
        }
    }

    /** Only what is built in counts: containers and tunnels come and go. */
    private static boolean isHardware(NetworkInterface each) {
        return Files.exists(Path.of("/sys/class/net", each.getName(), "device"));
    }

    private static byte[] addressOf(NetworkInterface each) {
        try {
            return each.getHardwareAddress();
        } catch (SocketException e) {
            return null;
        }
    }
}
