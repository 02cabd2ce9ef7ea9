package mqtt.resilient.impl.client;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import mqtt.resilient.impl.environment.FileSystem;
import mqtt.resilient.impl.environment.Machine;

/**
 * The derived client identifier: the client's name and 80 random bits, kept in a file together with what the machine is
 * known by, so that it survives restarts but a cloned image gets its own.
 */
public final class ClientIdentity {
    private static final int RANDOM_CHARACTERS = 16;
    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"; // 5 bits each

    private static final String MACHINE = "machine ";
    private static final String ADDRESS = "address ";
    private static final int MAX_ADDRESSES = 64;

    private ClientIdentity() {
    }

    /**
     * The client identifier of a client; makes and keeps one if there is none for this machine. Blocks.
     *
     * @throws IOException if the file can be neither read nor written; the id would change with every start
     */
    public static String derive(FileSystem files, String client, Machine machine, RandomGenerator random)
            throws IOException {
        String safeName = client.replaceAll("[^A-Za-z0-9_-]", "-");
        String path = client + ".client-id"; // a client's name has no slash
        byte[] content = files.read(path);
        List<String> lines = content == null ? List.of() : new String(content, StandardCharsets.UTF_8).lines().toList();
        boolean ours = lines.size() >= 2 && lines.get(0).startsWith(safeName + "-") && isKnownBy(machine, lines);
        List<String> now = new ArrayList<>(
                List.of(ours ? lines.get(0) : fresh(client, random), MACHINE + machine.id()));
        if (ours) {
            lines.stream().skip(2).filter(line -> line.startsWith(ADDRESS)).forEach(now::add);
        }
        machine.addresses().stream().map(ADDRESS::concat).filter(line -> !now.contains(line))
                .limit(Math.max(0, MAX_ADDRESSES - now.size())).forEach(now::add);
        if (!now.equals(lines)) {
            files.write(path, String.join("\n", now).getBytes(StandardCharsets.UTF_8));
        }
        return now.get(0);
    }

    /**
     * Whether a file was written on this machine. A clone that kept the machine id has other adapters; the machine
     * itself may miss some or all of its adapters when it starts.
     */
    private static boolean isKnownBy(Machine machine, List<String> lines) {
        List<String> known = lines.stream().filter(line -> line.startsWith(ADDRESS))
                .map(line -> line.substring(ADDRESS.length())).toList();
        boolean tellsNothing = known.isEmpty() || machine.addresses().isEmpty();
        return lines.get(1).equals(machine.earlier()) || lines.get(1).equals(MACHINE + machine.id())
                && (tellsNothing ? !machine.id().isEmpty() || known.isEmpty() && machine.addresses().isEmpty()
                        : machine.addresses().stream().anyMatch(known::contains));
    }

    /** A client identifier that is not kept. */
    public static String fresh(String client, RandomGenerator random) {
        StringBuilder id = new StringBuilder(client.replaceAll("[^A-Za-z0-9_-]", "-")).append('-');
        for (int i = 0; i < RANDOM_CHARACTERS; i++) {
            id.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return id.toString();
    }
}
