package mqtt.resilient.impl.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import mqtt.resilient.impl.io.IoTargets;
import mqtt.resilient.impl.store.StoreTargets;
import mqtt.resilient.impl.world.Bytes;

/** Tries every decoder with mutated input for a time; {@code bin/fuzz --help} tells more. */
public final class Fuzzer {
    private static final long SECOND = 1_000_000_000L;
    private static final long HANG_NANOS = 10 * SECOND;
    private static final int MAX_SHOWN_BYTES = 2048;

    private long seconds = 120;
    private long seed = System.nanoTime() & 0xFFFFFF;
    private String only;
    private String replay;
    private int passed;
    private int failed;

    private Fuzzer() {
    }

    /** All decoders. */
    static List<Target> targets() {
        List<Target> all = new ArrayList<>(List.of(new PacketTarget(1 << 20), new PacketTarget(128),
                new ClientTarget(false),
                new Packet5Target(1 << 20), new Packet5Target(128), new Written5Target(), new ClientTarget(true)));
        all.addAll(IoTargets.all());
        all.addAll(StoreTargets.all());
        all.add(new BrokerUriTarget());
        return all;
    }

    /** Runs as {@code bin/fuzz} says. */
    public static void main(String[] arguments) throws IOException {
        Fuzzer fuzzer = new Fuzzer();
        for (int i = 0; i < arguments.length; i += 2) {
            if (i + 1 == arguments.length) {
                refuse(arguments[i] + " needs a value");
            }
            try {
                fuzzer.option(arguments[i], arguments[i + 1]);
            } catch (NumberFormatException e) {
                refuse(arguments[i] + ": \"" + arguments[i + 1] + "\" is not a number");
            }
        }
        System.exit(fuzzer.run());
    }

    private void option(String name, String value) {
        switch (name) {
            case "--seconds" -> seconds = Long.parseLong(value);
            case "--seed" -> seed = Long.parseLong(value);
            case "--target" -> only = value;
            case "--replay" -> replay = value;
            default -> refuse("\"" + name + "\" is not known");
        }
    }

    private static void refuse(String why) {
        System.err.println("fuzz: " + why + "; see bin/fuzz --help");
        System.exit(2);
    }

    private int run() throws IOException {
        List<Target> targets = targets().stream().filter(target -> only == null || target.name().equals(only)).toList();
        if (targets.isEmpty() || replay != null && only == null) {
            refuse("--target is one of " + targets().stream().map(Target::name).toList());
        }
        for (Target target : targets) {
            if (replay != null) {
                replay(target);
            } else {
                fuzz(target, seconds * SECOND / targets.size());
            }
        }
        return end();
    }

    private int end() {
        System.out.println(passed + " passed, " + failed + " failed");
        return failed == 0 ? 0 : 1;
    }

    private void fuzz(Target target, long nanos) {
        Campaign campaign = new Campaign(target, seed);
        long start = System.nanoTime();
        watch(target, campaign, Thread.currentThread());
        Campaign.Failure failure = null;
        while (failure == null && System.nanoTime() - start < nanos) {
            failure = campaign.next();
        }
        campaign.current = null;
        long perSecond = campaign.inputs * SECOND / Math.max(1, System.nanoTime() - start);
        System.out.printf(Locale.ROOT, "%-18s %,12d inputs %,8d/s %6d outcomes  seed %d%n", target.name(),
                campaign.inputs,
                perSecond, campaign.outcomes(), seed);
        if (failure == null) {
            passed++;
        } else {
            failed++;
            report(target, Campaign.shrink(target, failure));
        }
    }

    private void replay(Target target) throws IOException {
        byte[] input = {};
        try {
            input = Bytes.of(Files.isRegularFile(Path.of(replay)) ? Files.readString(Path.of(replay)) : replay);
        } catch (IllegalArgumentException e) {
            refuse("--replay: neither a file nor hexadecimal digits");
        }
        try {
            System.out.println(target.name() + ": " + Campaign.attempt(target, input));
            passed++;
        } catch (Throwable e) { // see Campaign
            failed++;
            report(target, new Campaign.Failure(input, e));
        }
    }

    /** Ends the process when one input takes too long: nothing else stops a loop. */
    private void watch(Target target, Campaign campaign, Thread worker) {
        Thread watchdog = new Thread(() -> {
            byte[] seen = null;
            long since = 0;
            do {
                if (campaign.current != seen) {
                    seen = campaign.current;
                    since = System.nanoTime();
                } else if (seen != null && System.nanoTime() - since > HANG_NANOS) {
                    AssertionError hang = new AssertionError("does not end");
                    hang.setStackTrace(worker.getStackTrace());
                    failed++;
                    report(target, new Campaign.Failure(seen, hang));
                    end();
                    Runtime.getRuntime().halt(1);
                }
                try {
                    Thread.sleep(100);
                } catch (InterruptedException e) {
                    return;
                }
            } while (campaign.current != null || seen == null);
        }, "watchdog");
        watchdog.setDaemon(true);
        watchdog.start();
    }

    private void report(Target target, Campaign.Failure failure) {
        String hex = HexFormat.of().formatHex(failure.input());
        System.out.println("FAILED " + target.name() + ", seed " + seed + ": " + failure.error());
        failure.error().printStackTrace(System.out);
        String input = hex;
        if (failure.input().length > MAX_SHOWN_BYTES) {
            try {
                Path file = Files.createTempFile("fuzz-" + target.name() + "-", ".hex");
                Files.writeString(file, hex);
                input = file.toString();
            } catch (IOException e) {
                System.out.println("the input cannot be written to a file: " + e);
            }
        }
        System.out.println("again with: bin/fuzz --target " + target.name() + " --replay " + input);
    }
}
