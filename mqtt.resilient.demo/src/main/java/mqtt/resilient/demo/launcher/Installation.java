package mqtt.resilient.demo.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;

/**
 * Brings what is installed in a framework in line with the jars of a directory: installs what is new, updates what
 * changed, uninstalls what is gone. Bundles that come from elsewhere are left alone, and so is whether a bundle is
 * started: what somebody stopped stays stopped. Data areas stay.
 *
 * <p>A file in the framework's storage has the digest of each jar. It is written last, when all the rest is on the
 * disk: whatever a power cut left half done is done again.
 */
final class Installation {
    private static final String LOCATION = "launcher:";
    private static final String DIGESTS = "launcher.digests";

    private final BundleContext context;
    private final Path storage;
    private final Properties installed = new Properties();
    private final Properties wanted = new Properties();

    private Installation(BundleContext context) {
        this.context = context;
        storage = Path.of(context.getProperty(Constants.FRAMEWORK_STORAGE));
    }

    /** {@return whether a storage has what an installation completed; else nothing in it is worth keeping} */
    static boolean isIn(Path storage) {
        return Files.exists(storage.resolve(DIGESTS));
    }

    /**
     * Updates the bundles of a framework that is initialised and not started.
     *
     * @throws IllegalArgumentException if a jar is no bundle, or two have the same symbolic name
     */
    static void update(BundleContext context, Path directory) throws IOException, BundleException {
        new Installation(context).update(directory);
    }

    private void update(Path directory) throws IOException, BundleException {
        Path digests = storage.resolve(DIGESTS);
        if (Files.exists(digests)) {
            try (InputStream in = Files.newInputStream(digests)) {
                installed.load(in);
            } catch (IllegalArgumentException e) {
                installed.clear(); // damaged: as if nothing was installed by it
            }
        }
        Map<String, Path> jars = jars(directory);
        for (Bundle bundle : context.getBundles()) {
            if (bundle.getLocation().startsWith(LOCATION) && !jars.containsKey(bundle.getLocation())) {
                bundle.uninstall();
            }
        }
        for (Map.Entry<String, Path> jar : jars.entrySet()) {
            put(jar.getKey(), jar.getValue());
        }
        if (!wanted.equals(installed)) {
            force(storage);
            write(digests);
        }
    }

    private static Map<String, Path> jars(Path directory) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(directory)) {
            files = all.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
        }
        Map<String, Path> jars = new LinkedHashMap<>();
        for (Path file : files) {
            Path other = jars.put(LOCATION + symbolicName(file), file);
            if (other != null) {
                throw new IllegalArgumentException(other + " and " + file + " are the same bundle; one is allowed");
            }
        }
        return jars;
    }

    private static String symbolicName(Path file) throws IOException {
        try (JarFile jar = new JarFile(file.toFile())) {
            String name = jar.getManifest() == null ? null
                    : jar.getManifest().getMainAttributes().getValue(Constants.BUNDLE_SYMBOLICNAME);
            if (name == null) {
                throw new IllegalArgumentException(file + " is no bundle: it has no " + Constants.BUNDLE_SYMBOLICNAME);
            }
            return name.split(";")[0].strip();
        }
    }

    private void put(String location, Path file) throws IOException, BundleException {
        String digest = digest(file);
        wanted.setProperty(location, digest);
        Bundle bundle = context.getBundle(location);
        boolean known = bundle != null && installed.containsKey(location);
        if (known && digest.equals(installed.getProperty(location))) {
            return;
        }
        try (InputStream in = Files.newInputStream(file)) {
            if (bundle == null) {
                bundle = context.installBundle(location, in);
            } else {
                bundle.update(in);
            }
        }
        if (!known && bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
            bundle.start(Bundle.START_ACTIVATION_POLICY);
        }
    }

    private static String digest(Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java platform has it
        }
    }

    private void write(Path digests) throws IOException {
        Path temporary = storage.resolve(DIGESTS + ".new");
        try (var out = Files.newOutputStream(temporary)) {
            wanted.store(out, null);
        }
        forceFile(temporary);
        Files.move(temporary, digests, StandardCopyOption.ATOMIC_MOVE);
        forceFile(storage);
    }

    /** Forces a directory and all in it to the disk; the framework may be deleting what an update has replaced. */
    private static void force(Path directory) throws IOException {
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                forceIfThere(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException e) throws IOException {
                forceIfThere(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static void forceIfThere(Path file) throws IOException {
        try {
            forceFile(file);
        } catch (NoSuchFileException e) {
            // replaced
        }
    }

    private static void forceFile(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
