package mqtt.resilient.impl.fuzz;

import java.util.List;
import java.util.SplittableRandom;

/**
 * A decoder under fuzzing, and the rules that hold for every input. Deterministic: the input alone decides what
 * happens.
 */
public interface Target {
    /** What {@code bin/fuzz --target} calls it; also the directory of its corpus. */
    String name();

    /** Valid inputs, from which all others are made. */
    List<byte[]> seeds();

    /** Byte sequences that mean something to the decoder. */
    default List<byte[]> words() {
        return List.of();
    }

    /** No input is made longer than this. */
    default int maxBytes() {
        return 2048;
    }

    /** Makes checksums and lengths of a mutated input right again, or some of them: a decoder would look no further. */
    default byte[] repair(byte[] input, SplittableRandom random) {
        return input;
    }

    /** Decodes, and takes the exceptions that are documented; any other is a failure. */
    void decode(byte[] input);

    /** What {@link #decode} may allocate. */
    default long allocationLimit(int inputBytes) {
        return 16_384 + 32L * inputBytes;
    }

    /**
     * Tries the rules. Any throwable is a failure.
     *
     * @return what came of the input, in words; an input with a new outcome is the start of more
     */
    String check(byte[] input);
}
