package mqtt.resilient.impl.client;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;
import mqtt.resilient.impl.environment.FileSystem;

/**
 * The derived client id: the client's name and 80 random bits, kept in a file together with a fingerprint of the host, so
 * that it survives restarts but a cloned image gets its own.
 */
public final class ClientIdentity {
    private static final int RANDOM_CHARACTERS = 16;
    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"; // 5 bits each

    private ClientIdentity() {
    }

    /**
     * The client id of a client; makes and keeps one if there is none for this host. Blocks.
     *
     * @throws IOException if the file can be neither read nor written; the id would change with every start
     */
    public static String derive(FileSystem files, String client, String hostFingerprint, RandomGenerator random)
            throws IOException {
        String safeName = client.replaceAll("[^A-Za-z0-9_-]", "-");
        String path = client + ".client-id"; // a client's name has no slash
        byte[] content = files.read(path);
        if (content != null) {
            String[] lines = new String(content, StandardCharsets.UTF_8).split("\n");
            if (lines.length == 2 && lines[0].startsWith(safeName + "-") && lines[1].equals(hostFingerprint)) {
                return lines[0];
            }
        }
        String id = fresh(client, random);
        files.write(path, (id + "\n" + hostFingerprint).getBytes(StandardCharsets.UTF_8));
        return id;
    }

    /** A client id that is not kept. */
    public static String fresh(String client, RandomGenerator random) {
        StringBuilder id = new StringBuilder(client.replaceAll("[^A-Za-z0-9_-]", "-")).append('-');
        for (int i = 0; i < RANDOM_CHARACTERS; i++) {
            id.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return id.toString();
    }
}
