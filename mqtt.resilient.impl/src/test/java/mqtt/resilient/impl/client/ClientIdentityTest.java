package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import mqtt.resilient.impl.environment.FileSystem;
import org.junit.jupiter.api.Test;

/** The derived client id (design 7, key client.id). */
class ClientIdentityTest {
    private final Map<String, byte[]> disk = new HashMap<>();
    private final FileSystem files = new FileSystem() {
        @Override
        public byte[] read(String path) {
            return disk.get(path);
        }

        @Override
        public void write(String path, byte[] content) {
            disk.put(path, content);
        }
    };
    private final SplittableRandom random = new SplittableRandom(1);

    @Test
    void itIsTheNameAnd80RandomBits() throws IOException {
        String id = ClientIdentity.derive(files, "plant", "host", random);
        assertTrue(id.matches("plant-[a-z2-7]{16}"), id);
    }

    @Test
    void itSurvivesARestart() throws IOException {
        String id = ClientIdentity.derive(files, "plant", "host", random);
        assertEquals(id, ClientIdentity.derive(files, "plant", "host", random));
        assertNotEquals(id, ClientIdentity.derive(files, "other", "host", random));
        assertEquals(id, ClientIdentity.derive(files, "plant", "host", random));
    }

    @Test
    void aClonedImageGetsItsOwnAndKeepsIt() throws IOException {
        String id = ClientIdentity.derive(files, "plant", "host", random);
        String clone = ClientIdentity.derive(files, "plant", "another host", random);
        assertNotEquals(id, clone);
        assertEquals(clone, ClientIdentity.derive(files, "plant", "another host", random));
    }

    @Test
    void aDamagedFileIsReplaced() throws IOException { // paho.golang#193: a zero-byte file after a power-off
        String path = "";
        for (String damage : new String[] { "", "\0\0\0\0", "plant-abc", "x\ny\nz", "other-abc\nhost" }) {
            String id = ClientIdentity.derive(files, "plant", "host", random);
            path = disk.keySet().iterator().next();
            disk.put(path, damage.getBytes(StandardCharsets.UTF_8));
            String fresh = ClientIdentity.derive(files, "plant", "host", random);
            assertNotEquals(id, fresh);
            assertTrue(fresh.matches("plant-[a-z2-7]{16}"), fresh);
            assertEquals(fresh, ClientIdentity.derive(files, "plant", "host", random));
        }
    }

    @Test
    void charactersThatBrokersRefuseAreReplaced() throws IOException {
        assertTrue(ClientIdentity.derive(files, "a.b", "host", random).startsWith("a-b-"));
        assertNotEquals(ClientIdentity.derive(files, "a.b", "host", random),
                ClientIdentity.derive(files, "a-b", "host", random));
    }

    @Test
    void aDiskThatCannotBeWrittenIsAnErrorNotAnIdThatChanges() {
        FileSystem broken = new FileSystem() {
            @Override
            public byte[] read(String path) {
                return null;
            }

            @Override
            public void write(String path, byte[] content) throws IOException {
                throw new IOException("read-only");
            }
        };
        assertThrows(IOException.class, () -> ClientIdentity.derive(broken, "plant", "host", random));
    }
}
