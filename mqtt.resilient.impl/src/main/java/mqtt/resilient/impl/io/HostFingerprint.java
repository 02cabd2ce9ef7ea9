package mqtt.resilient.impl.io;

import java.io.IOException;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import mqtt.resilient.impl.environment.Machine;

/** Reads what tells one machine from a clone of it. */
public final class HostFingerprint {
    private static final int SHOWN_BYTES = 16;
    private static final String NO_MACHINE_ID = "no machine id";

    private HostFingerprint() {
    }

    /** What this machine is known by. Blocks. */
    public static Machine read() {
        String machineId = machineId();
        Set<String> addresses = addresses();
        return new Machine(machineId.equals(NO_MACHINE_ID) ? "" : hash(machineId),
                addresses.stream().map(HostFingerprint::hash).collect(Collectors.toCollection(TreeSet::new)),
                hash(machineId + addresses));
    }

    private static String hash(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
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

    private static String machineId() {
        try {
            String id = Files.readString(Path.of("/etc/machine-id")).strip();
            return id.isEmpty() ? NO_MACHINE_ID : id;
        } catch (IOException e) {
            return NO_MACHINE_ID;
        }
    }

    /** The addresses of what is built in: containers and tunnels come and go. */
    private static Set<String> addresses() {
        Set<String> addresses = new TreeSet<>();
        try {
            for (NetworkInterface each : Collections.list(NetworkInterface.getNetworkInterfaces())) {
                byte[] address = each.getHardwareAddress();
                if (address != null && Files.exists(Path.of("/sys/class/net", each.getName(), "device"))) {
                    addresses.add(HexFormat.of().formatHex(address));
                }
            }
        } catch (SocketException e) {
            addresses.clear(); // none are known
        }
        return addresses;
    }
}
