package mqtt.resilient.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A client in the comparison.
 *
 * @param name its name in all output
 * @param className its {@link Peer}; empty = no client at all
 * @param module the directory in mqtt.resilient.bench.peers that has it; empty = it is here
 * @param quick whether {@code --quick} has it
 */
record Candidate(String name, String className, String module, boolean quick) {
    static final String OURS = "memory";
    static final String POWER = "power";
    static final String BARE = "bare";
    static final String RAW = "raw";
    private static final int MOST_THREADED = 1000;
    private static final int MOST_DURABLE = 1000;

    /** {@return all, in the order of the tables} */
    static List<Candidate> all() {
        return List.of(new Candidate(OURS, Ours.class.getName(), "", true),
                new Candidate(POWER, Ours.class.getName(), "", true),
                new Candidate("memory5", Ours.class.getName(), "", false),
                new Candidate("hivemq", "mqtt.resilient.bench.peers.Hivemq3", "hivemq", true),
                new Candidate("hivemq5", "mqtt.resilient.bench.peers.Hivemq5", "hivemq", false),
                new Candidate("vertx", "mqtt.resilient.bench.peers.VertxMqtt", "vertx", true),
                new Candidate("crt", "mqtt.resilient.bench.peers.Crt3", "crt", false),
                new Candidate("crt5", "mqtt.resilient.bench.peers.Crt5", "crt", false),
                new Candidate("paho", "mqtt.resilient.bench.peers.Paho3", "paho", true),
                new Candidate("paho5", "mqtt.resilient.bench.peers.Paho5", "paho", false),
                new Candidate(RAW, Raw.class.getName(), "", true), new Candidate(BARE, "", "", true));
    }

    /** {@return whether it is a client of somebody else} */
    boolean isPeer() {
        return !module.isEmpty();
    }

    boolean does(Workload workload) {
        return switch (name) {
            case BARE -> workload.kind() == Workload.Kind.FOOTPRINT;
            case RAW -> workload.clients() == 1 && workload.broker() != Workload.Broker.TLS
                    && workload.kind() != Workload.Kind.RECOVERY
                    && !(workload.kind() == Workload.Kind.SYNC && workload.window() > 1); // one thread at a time
            case "crt5" -> workload.qos() < 2; // it has no QoS 2
            case "paho", "paho5" -> workload.clients() <= MOST_THREADED; // four threads for each
            case POWER -> workload.clients() <= MOST_DURABLE; // a journal with its open files for each
            default -> true;
        };
    }

    /** {@return whether it was built} */
    boolean isBuilt(Path root) {
        return module.isEmpty() || root != null && Files.isDirectory(target(root).resolve("lib"));
    }

    private Path target(Path root) {
        return root.resolve("mqtt.resilient.bench.peers").resolve(module).resolve("target");
    }

    /**
     * {@return only what this client needs, so that none pays for the jars of others}
     *
     * @param root the project; null = everything is in the class path of this process
     */
    String classPath(Path root) throws IOException {
        if (root == null) {
            return System.getProperty("java.class.path");
        }
        Path here = root.resolve("mqtt.resilient.bench").resolve("target");
        Stream<Path> own = Stream.of(here.resolve("classes"));
        if (isPeer()) {
            return join(Stream.concat(own, Stream.concat(Stream.of(target(root).resolve("classes")),
                    jars(target(root).resolve("lib"), ""))));
        }
        return join(Stream.concat(own, Stream.concat(jars(here.resolve("lib"), "mqtt.resilient"),
                jars(here.resolve("lib"), "slf4j"))));
    }

    private static Stream<Path> jars(Path directory, String prefix) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().startsWith(prefix)).sorted().toList().stream();
        }
    }

    private static String join(Stream<Path> paths) {
        return paths.map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }
}
