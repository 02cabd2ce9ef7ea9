package mqtt.resilient.impl.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Tries one target with inputs that are made of its seeds, and of those inputs that had an outcome of their own: words
 * instead of the branches that a coverage tool would count. The same seed tries the same inputs.
 */
final class Campaign {
    private static final ThreadMXBean MEMORY = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int MAX_STARTS = 2000;
    private static final int MAX_OUTCOMES = 10_000;
    private static final int MAX_OUTCOME = 120;
    private static final int SHRINKING_TRIES = 3000;
    private static final long SHRINKING_NANOS = 10_000_000_000L;
    private static final int ALIKE_CHARACTERS = 30;

    /** An input that breaks a rule. */
    record Failure(byte[] input, Throwable error) {
    }

    private final Target target;
    private final SplittableRandom random;
    private final Mutations mutations;
    private final List<byte[]> starts;
    private final Set<String> outcomes = new HashSet<>();
    private int seedsTried;
    /** The input that is being tried, for whoever finds that it does not end. */
    volatile byte[] current;
    long inputs;

    Campaign(Target target, long seed) {
        this.target = target;
        random = new SplittableRandom(seed);
        mutations = new Mutations(random, target.words(), target.maxBytes());
        starts = new ArrayList<>(target.seeds());
    }

    int outcomes() {
        return outcomes.size();
    }

    /** Tries one more input: first the seeds as they are; null if it breaks no rule. */
    Failure next() {
        boolean seed = seedsTried < starts.size() && inputs == seedsTried;
        byte[] input;
        if (seed) {
            input = starts.get(seedsTried++);
        } else {
            input = mutations.mutate(start(), start());
            input = target.repair(input, random);
        }
        inputs++;
        current = input;
        try {
            String outcome = attempt(target, input);
            if (outcomes.size() < MAX_OUTCOMES && outcomes.add(shape(outcome)) && !seed && starts.size() < MAX_STARTS) {
                starts.add(input);
            }
            return null;
        } catch (Throwable e) { // whatever it is, it is what is looked for
            return new Failure(input, e);
        }
    }

    private byte[] start() {
        return starts.get(random.nextInt(starts.size()));
    }

    /** An outcome without its figures. */
    private static String shape(String outcome) {
        String shape = outcome.length() > MAX_OUTCOME ? outcome.substring(0, MAX_OUTCOME) : outcome;
        return shape.replaceAll("[0-9]+", "0");
    }

    /** Tries one input. */
    static String attempt(Target target, byte[] input) {
        long limit = target.allocationLimit(input.length);
        long allocated = allocation(target, input);
        if (allocated > limit) { // the first time loads classes
            allocated = Math.min(allocated, allocation(target, input));
        }
        if (allocated > limit) {
            throw new AssertionError(
                    "allocates " + allocated + " bytes for " + input.length + "; the limit is " + limit);
        }
        return target.check(input);
    }

    private static long allocation(Target target, byte[] input) {
        byte[] copy = input.clone();
        long before = MEMORY.getCurrentThreadAllocatedBytes();
        target.decode(copy);
        return MEMORY.getCurrentThreadAllocatedBytes() - before;
    }

    /** A shorter input that fails in the same way. */
    static Failure shrink(Target target, Failure failure) {
        Failure best = failure;
        int tries = 0;
        long end = System.nanoTime() + SHRINKING_NANOS;
        for (int count = Integer.highestOneBit(Math.max(1, best.input.length)); count > 0; count /= 2) {
            for (int at = 0; at + count <= best.input.length && tries < SHRINKING_TRIES
                    && System.nanoTime() < end; tries++) {
                byte[] shorter = Mutations.splice(best.input, at, count, new byte[0]);
                try {
                    attempt(target, shorter);
                    at += count;
                } catch (Throwable e) { // see next()
                    if (isAlike(e, failure.error)) {
                        best = new Failure(shorter, e);
                    } else {
                        at += count;
                    }
                }
            }
        }
        return best;
    }

    private static boolean isAlike(Throwable one, Throwable other) {
        String words = shape(String.valueOf(one.getMessage()));
        String wanted = shape(String.valueOf(other.getMessage()));
        int length = Math.min(ALIKE_CHARACTERS, wanted.length());
        return one.getClass() == other.getClass() && words.regionMatches(0, wanted, 0, length)
                && (one.getStackTrace().length == 0 || other.getStackTrace().length == 0
                        || one.getStackTrace()[0].equals(other.getStackTrace()[0]));
    }
}
