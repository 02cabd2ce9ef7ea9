package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import mqtt.resilient.impl.environment.Machine;
import mqtt.resilient.impl.world.DiskModel;
import org.junit.jupiter.api.Test;

/** The derived client id (the key client.id). */
class ClientIdentityTest {
    private static final Machine HOST = machine("m", "a", "b");
    private static final Machine CLONE = machine("m", "c", "d");

    private final DiskModel files = new DiskModel();
    private final SplittableRandom random = new SplittableRandom(1);

    @Test
    void itIsTheNameAnd80RandomBits() throws IOException {
        String id = ClientIdentity.derive(files, "plant", HOST, random);
        assertTrue(id.matches("plant-[a-z2-7]{16}"), id);
    }

    @Test
    void itSurvivesARestart() throws IOException {
        String id = ClientIdentity.derive(files, "plant", HOST, random);
        assertEquals(id, ClientIdentity.derive(files, "plant", HOST, random));
        assertNotEquals(id, ClientIdentity.derive(files, "other", HOST, random));
        assertEquals(id, ClientIdentity.derive(files, "plant", HOST, random));
    }

    @Test
    void aClonedImageGetsItsOwnAndKeepsIt() throws IOException {
        String id = ClientIdentity.derive(files, "plant", HOST, random);
        String clone = ClientIdentity.derive(files, "plant", CLONE, random);
        assertNotEquals(id, clone);
        assertEquals(clone, ClientIdentity.derive(files, "plant", CLONE, random));
    }

    @Test
    void aMachineIsTheSameWhateverOfItsAdaptersIsThere() throws IOException {
        String id = ClientIdentity.derive(files, "plant", HOST, random);
        for (String[] there : new String[][] { { "b" }, {}, { "a", "x" }, { "x" }, {}, { "b" } }) {
            assertEquals(id, ClientIdentity.derive(files, "plant", machine("m", there), random),
                    List.of(there).toString());
        }
    }

    @Test
    void withoutAMachineIdTheAdaptersTell() throws IOException {
        String id = ClientIdentity.derive(files, "plant", machine("", "a", "b"), random);
        assertEquals(id, ClientIdentity.derive(files, "plant", machine("", "b"), random));
        assertNotEquals(id, ClientIdentity.derive(files, "plant", machine("", "c"), random));
        String container = ClientIdentity.derive(files, "container", machine(""), random);
        assertEquals(container, ClientIdentity.derive(files, "container", machine(""), random), "with nothing of both");
    }

    @Test
    void theIdOfAnEarlierVersionIsKept() throws IOException {
        files.write("plant.client-id", "plant-abcdefghijklmnop\nearlier m".getBytes(StandardCharsets.UTF_8));
        assertEquals("plant-abcdefghijklmnop", ClientIdentity.derive(files, "plant", HOST, random));
        assertEquals("plant-abcdefghijklmnop", ClientIdentity.derive(files, "plant", machine("m"), random));
    }

    private static Machine machine(String id, String... addresses) {
        return new Machine(id, Set.of(addresses), "earlier " + id);
    }

    @Test
    void aDamagedFileIsReplaced() throws IOException { // paho.golang#193: a zero-byte file after a power-off
        String path = "";
        for (String damage : new String[] { "", "\0\0\0\0", "plant-abc", "x\ny\nz", "other-abc\nhost" }) {
            String id = ClientIdentity.derive(files, "plant", HOST, random);
            path = files.files().get(0);
            files.write(path, damage.getBytes(StandardCharsets.UTF_8));
            String fresh = ClientIdentity.derive(files, "plant", HOST, random);
            assertNotEquals(id, fresh);
            assertTrue(fresh.matches("plant-[a-z2-7]{16}"), fresh);
            assertEquals(fresh, ClientIdentity.derive(files, "plant", HOST, random));
        }
    }

    @Test
    void charactersThatBrokersRefuseAreReplaced() throws IOException {
        assertTrue(ClientIdentity.derive(files, "a.b", HOST, random).startsWith("a-b-"));
        assertNotEquals(ClientIdentity.derive(files, "a.b", HOST, random),
                ClientIdentity.derive(files, "a-b", HOST, random));
    }

    @Test
    void aDiskThatCannotBeWrittenIsAnErrorNotAnIdThatChanges() {
        files.failWrites(1);
        assertThrows(IOException.class, () -> ClientIdentity.derive(files, "plant", HOST, random));
    }
}
