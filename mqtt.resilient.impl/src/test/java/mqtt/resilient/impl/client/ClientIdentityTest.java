package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import mqtt.resilient.impl.world.DiskModel;
import org.junit.jupiter.api.Test;

/** The derived client id (the key client.id). */
class ClientIdentityTest {
    private final DiskModel files = new DiskModel();
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
            path = files.files().get(0);
            files.write(path, damage.getBytes(StandardCharsets.UTF_8));
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
        files.failWrites(1);
        assertThrows(IOException.class, () -> ClientIdentity.derive(files, "plant", "host", random));
    }
}
