package mqtt.resilient.impl.session;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import mqtt.resilient.api.ApiThatKnowsTheEngine;
import mqtt.resilient.impl.client.Client;
import mqtt.resilient.impl.io.IoThatKnowsSessions;
import mqtt.resilient.plain.PlainThatKnowsComponents;
import mqtt.resilient.plain.ResilientMqtt;

/** For {@code ArchitectureTest}: code in a deterministic package that breaks each of its rules. Never run. */
public final class ArchitectureViolations {
    private static final Map<String, List<Class<?>>> ALL = Map.ofEntries(
            Map.entry("layers know inner layers only", List.of(KnowsTheClient.class)),
            Map.entry("io knows only the environment", List.of(IoThatKnowsSessions.class)),
            Map.entry("api and spi know no engine", List.of(ApiThatKnowsTheEngine.class)),
            Map.entry("api knows no spi", List.of(ApiThatKnowsTheEngine.class)),
            Map.entry("only components know OSGi", List.of(KnowsOsgi.class)),
            Map.entry("plain knows no components", List.of(PlainThatKnowsComponents.class)),
            Map.entry("nobody knows plain", List.of(KnowsPlain.class)),
            Map.entry("only Log knows slf4j", List.of(Logs.class)),
            Map.entry("no threads, files and sockets", List.of(StartsAThread.class, ReadsAFile.class,
                    OpensAFileChannel.class, OpensASocket.class, Locks.class, MakesAPool.class)),
            Map.entry("no clocks", List.of(ReadsNanoTime.class, ReadsTheDate.class, ReadsAnInstant.class)),
            Map.entry("no blocking",
                    List.of(Waits.class, Sleeps.class, Joins.class, Gets.class, SleepsByReference.class,
                            Resolves.class)),
            Map.entry("no hidden threads", List.of(RunsAsync.class, RunsInParallel.class)),
            Map.entry("no random without a seed", List.of(RandomWithoutSeed.class, SplittableWithoutSeed.class,
                    RandomOfTheThread.class, RandomOfMath.class)),
            Map.entry("no static state", List.of(StaticState.class)),
            Map.entry("no static machinery", List.of(StaticCounter.class, StaticMap.class)),
            Map.entry("no ServiceLoader", List.of(LoadsServices.class)),
            Map.entry("no context class loader", List.of(AsksTheThread.class)));

    private ArchitectureViolations() {
    }

    public static List<Class<?>> of(String rule) {
        return ALL.getOrDefault(rule, List.of());
    }

    public static java.util.Set<Class<?>> all() {
        return ALL.values().stream().flatMap(List::stream).collect(java.util.stream.Collectors.toSet());
    }

    static final class KnowsTheClient {
        Client client;
    }

    static final class Logs {
        org.slf4j.Logger log;
    }

    static final class KnowsOsgi {
        org.osgi.framework.BundleContext context;
    }

    static final class KnowsPlain {
        ResilientMqtt client;
    }

    static final class StartsAThread {
        void run() {
            new Thread(() -> {}).start();
        }
    }

    static final class ReadsAFile {
        byte[] run() throws java.io.IOException {
            return java.nio.file.Files.readAllBytes(java.nio.file.Path.of("x"));
        }
    }

    static final class OpensAFileChannel {
        java.nio.channels.FileChannel channel;
    }

    static final class OpensASocket {
        Object run() throws java.io.IOException {
            return new java.net.Socket("localhost", 1);
        }
    }

    static final class Locks {
        final ReentrantLock lock = new ReentrantLock();
    }

    static final class MakesAPool {
        Object run() {
            return java.util.concurrent.Executors.newCachedThreadPool();
        }
    }

    static final class ReadsNanoTime {
        long run() {
            return System.nanoTime();
        }
    }

    static final class ReadsTheDate {
        Object run() {
            return new java.util.Date();
        }
    }

    static final class ReadsAnInstant {
        Object run() {
            return java.time.Instant.now();
        }
    }

    static final class Waits {
        void run() throws InterruptedException {
            synchronized (this) {
                wait();
            }
        }
    }

    static final class Sleeps {
        void run() throws InterruptedException {
            TimeUnit.SECONDS.sleep(1);
        }
    }

    static final class SleepsByReference {
        interface Sleeper {
            void sleep(long millis) throws InterruptedException;
        }

        Sleeper run() {
            return Thread::sleep;
        }
    }

    static final class Joins {
        Object run() {
            return new CompletableFuture<>().join();
        }
    }

    static final class Gets {
        Object run() throws Exception {
            return new CompletableFuture<>().get(1, TimeUnit.SECONDS);
        }
    }

    static final class Resolves {
        Object run() throws Exception {
            return java.net.InetAddress.getByName("broker");
        }
    }

    static final class RunsAsync {
        Object run() {
            return CompletableFuture.supplyAsync(() -> 1);
        }
    }

    static final class RunsInParallel {
        Object run() {
            return new ArrayList<>().parallelStream();
        }
    }

    static final class RandomWithoutSeed {
        Object run() {
            return new Random();
        }
    }

    static final class SplittableWithoutSeed {
        Object run() {
            return new SplittableRandom();
        }
    }

    static final class RandomOfTheThread {
        Object run() {
            return ThreadLocalRandom.current();
        }
    }

    static final class RandomOfMath {
        Object run() {
            return Math.random();
        }
    }

    static final class StaticState {
        static int delay;
    }

    static final class StaticCounter {
        static final AtomicInteger COUNT = new AtomicInteger();
    }

    static final class StaticMap {
        static final HashMap<String, String> MAP = new HashMap<>();
    }

    static final class LoadsServices {
        Object run() {
            return ServiceLoader.load(Runnable.class);
        }
    }

    static final class AsksTheThread {
        Object run() {
            return Thread.currentThread().getContextClassLoader();
        }
    }
}
