package mqtt.resilient.impl.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import mqtt.resilient.impl.environment.FileSystem.StoredFile;
import mqtt.resilient.plain.LockProgram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files of a store on the real disk. */
class LocalFileSystemTest {
    @TempDir
    private Path directory;

    private static String rights(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void whatIsStoredCanBeReadByTheUserOfTheProcessAlone() throws IOException {
        assumeTrue(Files.getFileStore(directory).supportsFileAttributeView("posix"),
                "a file system without POSIX rights");
        Path place = directory.resolve("store");
        LocalFileSystem files = new LocalFileSystem(place);
        files.makeDirectory("plant.journal");
        files.write("plant.client-id", new byte[] { 1 });
        files.open("plant.journal/segment").close();
        files.lock("plant.journal/lock").close();
        Map<String, String> rights = new TreeMap<>();
        try (Stream<Path> all = Files.walk(place)) {
            for (Path path : all.toList()) {
                rights.put(directory.relativize(path).toString(), rights(path));
            }
        }
        assertEquals(new TreeMap<>(Map.of("store", "rwx------", "store/plant.client-id", "rw-------",
                "store/plant.journal",
                "rwx------", "store/plant.journal/segment", "rw-------", "store/plant.journal/lock", "rw-------")),
                rights);
    }

    @Test
    void aDirectoryThatIsThereKeepsItsRights() throws IOException {
        assumeTrue(Files.getFileStore(directory).supportsFileAttributeView("posix"),
                "a file system without POSIX rights");
        Path place = Files.createDirectory(directory.resolve("shared"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-x---")));
        new LocalFileSystem(place).makeDirectory("plant.journal");
        assertEquals("rwxr-x---", rights(place));
    }

    @Test
    void aJournalThatIsThereAndOpenToOthersBecomesPrivate() throws IOException {
        assumeTrue(Files.getFileStore(directory).supportsFileAttributeView("posix"),
                "a file system without POSIX rights");
        Path journal = Files.createDirectory(directory.resolve("plant.journal"));
        Files.setPosixFilePermissions(journal, PosixFilePermissions.fromString("rwxr-xr-x"));
        new LocalFileSystem(directory).makeDirectory("plant.journal");
        assertEquals("rwx------", rights(journal));
    }

    @Test
    void aDirectoryThatCannotBeForcedIsNoFailure() throws IOException { // shared folders, old CIFS, Windows
        for (IOException no : List.of(new IOException("Invalid argument"), new IOException("Operation not supported"),
                new AccessDeniedException("store"))) {
            int[] tried = { 0 };
            LocalFileSystem files = new LocalFileSystem(directory, each -> {
                tried[0] += each.endsWith("plant.journal") ? 1 : 0;
                throw no;
            });
            files.makeDirectory("plant.journal");
            files.forceDirectory("plant.journal");
            files.forceDirectory("plant.journal");
            assertEquals(2, tried[0], "it may be possible later");
        }
    }

    @Test
    void aDirectoryThatWasForcedAndMayNotBeOpenedAnyMoreIsAFailure() throws IOException {
        IOException[] error = { null };
        LocalFileSystem files = new LocalFileSystem(directory, each -> {
            if (error[0] != null) {
                throw error[0];
            }
        });
        files.forceDirectory("");
        error[0] = new AccessDeniedException("store");
        assertThrows(IOException.class, () -> files.forceDirectory(""));
        error[0] = null;
        files.forceDirectory("");
    }

    @Test
    void aDirectoryThatFailsToBeForcedIsAFailure() {
        LocalFileSystem files = new LocalFileSystem(directory, each -> {
            throw new IOException("Input/output error");
        });
        assertThrows(IOException.class, () -> files.forceDirectory(""));
        assertThrows(IOException.class, () -> files.forceDirectory(""));
    }

    @Test
    void aFileIsCutToALength() throws IOException {
        LocalFileSystem files = new LocalFileSystem(directory);
        try (StoredFile file = files.open("segment")) {
            file.write(ByteBuffer.allocate(100), 0);
            file.truncate(64);
            assertEquals(64, file.size());
            file.truncate(200);
            assertEquals(64, file.size());
        }
    }

    @Test
    void aStoreReachedThroughALinkIsInUseAndStaysLockedForOtherProcesses() throws Exception {
        Path place = Files.createDirectory(directory.resolve("store"));
        LocalFileSystem linked = new LocalFileSystem(Files.createSymbolicLink(directory.resolve("link"), place));
        try (Closeable held = new LocalFileSystem(place).lock("lock")) {
            assertEquals("in use by another client",
                    assertThrows(IOException.class, () -> linked.lock("lock")).getMessage());
            assertTrue(LocalFileSystem.isLocked(directory.resolve("link/lock")));
            assertEquals("null", LockProgram.tryLock(place.resolve("lock")), held::toString);
        }
        linked.lock("lock").close();
        assertEquals("locked", LockProgram.tryLock(place.resolve("lock")));
    }

    @Test
    void aLockThatCouldNotBeTakenForWhateverReasonCanBeTriedAgain() {
        // has no channels to write to
        Path place = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("/modules/java.base");
        LocalFileSystem files = new LocalFileSystem(place);
        for (int i = 0; i < 2; i++) {
            assertThrows(UnsupportedOperationException.class, () -> files.lock("lock"));
            assertFalse(LocalFileSystem.isLocked(place.resolve("lock")));
        }
    }

    @Test
    void aLockFileWithTwoNamesStaysLockedForOtherProcesses() throws Exception {
        LocalFileSystem files = new LocalFileSystem(directory);
        files.lock("lock").close();
        Files.createLink(directory.resolve("other"), directory.resolve("lock"));
        try (Closeable held = files.lock("lock")) {
            for (int i = 0; i < 3; i++) {
                assertEquals("in use by another client",
                        assertThrows(IOException.class, () -> files.lock("other")).getMessage());
                assertEquals("null", LockProgram.tryLock(directory.resolve("lock")), held::toString);
            }
        }
        try (Closeable held = files.lock("other")) {
            assertEquals("null", LockProgram.tryLock(directory.resolve("lock")), held::toString);
        }
        assertEquals("locked", LockProgram.tryLock(directory.resolve("lock")));
    }
}
