package mqtt.resilient.impl.fuzz;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** A decoder of a stream: what it makes of it does not depend on where the stream is cut. */
public abstract class StreamTarget implements Target {
    /**
     * Decodes a stream that comes in pieces, with a new decoder; tells what came of it, with the error if there is one.
     */
    protected abstract String take(List<ByteBuffer> pieces);

    @Override
    public void decode(byte[] input) {
        int middle = input.length / 2;
        take(List.of(ByteBuffer.wrap(input, 0, middle), ByteBuffer.wrap(input, middle, input.length - middle)));
    }

    @Override
    public String check(byte[] input) {
        String whole = take(List.of(ByteBuffer.wrap(input)));
        same(whole, take(pieces(input, new SplittableRandom(0), 1)), "byte by byte");
        SplittableRandom random = new SplittableRandom(Arrays.hashCode(input));
        same(whole, take(pieces(input, random, 2 + random.nextInt(16))), "in pieces");
        same(whole, take(pieces(input, random, 2 + random.nextInt(1 + input.length))), "in large pieces");
        return whole;
    }

    private static void same(String whole, String other, String how) {
        if (!whole.equals(other)) {
            throw new AssertionError("in one piece: " + whole + "; " + how + ": " + other);
        }
    }

    /** Cuts the input into pieces shorter than a bound, some of them empty. */
    static List<ByteBuffer> pieces(byte[] input, SplittableRandom random, int bound) {
        List<ByteBuffer> pieces = new ArrayList<>();
        for (int from = 0; from < input.length;) {
            int count = Math.min(input.length - from, bound == 1 ? 1 : random.nextInt(bound));
            pieces.add(ByteBuffer.wrap(input, from, count));
            from += count;
        }
        return pieces;
    }
}
