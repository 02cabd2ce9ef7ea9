package mqtt.resilient.impl.fuzz;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Makes inputs of other inputs: what goes wrong with packets, and what somebody would do to them who means harm. */
final class Mutations {
    private static final long[] NUMBERS = { 0, 1, 2, 4, 7, 8, 15, 16, 31, 32, 63, 64, 125, 126, 127, 128, 129, 254, 255,
        256,
        1000, 16_383, 16_384, 32_767, 32_768, 65_534, 65_535, 65_536, 2_097_151, 2_097_152, 268_435_455, 268_435_456,
        Integer.MAX_VALUE, Integer.MIN_VALUE, 1L << 32, 1L << 60, Long.MAX_VALUE, Long.MIN_VALUE, -1, -2 };
    private static final int KINDS = 14;

    private final SplittableRandom random;
    private final List<byte[]> words;
    private final int maxBytes;

    Mutations(SplittableRandom random, List<byte[]> words, int maxBytes) {
        this.random = random;
        this.words = words;
        this.maxBytes = maxBytes;
    }

    /** A few changes, one upon the other; {@code other} lends bytes. */
    byte[] mutate(byte[] input, byte[] other) {
        byte[] bytes = input;
        for (int i = 1 << random.nextInt(4); i > 0; i--) {
            bytes = once(bytes, other);
        }
        return bytes.length > maxBytes ? Arrays.copyOf(bytes, maxBytes) : bytes;
    }

    private byte[] once(byte[] in, byte[] other) {
        int at = in.length == 0 ? 0 : random.nextInt(random.nextInt(3) == 0 ? Math.min(in.length, 16) : in.length);
        int count = in.length == at ? 0 : 1 + random.nextInt(Math.min(in.length - at, 1 << 1 + random.nextInt(10)));
        int kind = in.length == 0 ? 7 + random.nextInt(3) : random.nextInt(KINDS);
        switch (kind) {
            case 0 -> {
                return over(in, at, new byte[] { (byte) (in[at] ^ 1 << random.nextInt(8)) });
            }
            case 1 -> {
                return over(in, at, random(1));
            }
            case 2 -> { // a length that is wrong by little
                return over(in, at, new byte[] { (byte) (in[at] + random.nextInt(-4, 5)) });
            }
            case 3 -> {
                return over(in, at, number());
            }
            case 4 -> {
                return Arrays.copyOf(in, at);
            }
            case 5 -> {
                return splice(in, at, count, new byte[0]);
            }
            case 6 -> { // a slice twice, or often
                byte[] slice = Arrays.copyOfRange(in, at, at + count);
                byte[] result = in;
                for (int i = random.nextInt(4) == 0 ? random.nextInt(64) : 1; i > 0 && result.length < maxBytes; i--) {
                    result = splice(result, at, 0, slice);
                }
                return result;
            }
            case 7 -> {
                return splice(in, at, 0, number());
            }
            case 8 -> {
                return splice(in, at, 0, random(1 + random.nextInt(8)));
            }
            case 9 -> {
                return splice(in, at, 0, word());
            }
            case 10 -> {
                return over(in, at, word());
            }
            case 11 -> { // a piece of another input
                int from = random.nextInt(other.length + 1);
                int to = from + random.nextInt(other.length - from + 1);
                return splice(in, at, random.nextBoolean() ? 0 : count, Arrays.copyOfRange(other, from, to));
            }
            case 12 -> { // a slice somewhere else
                byte[] without = splice(in, at, count, new byte[0]);
                return splice(without, random.nextInt(without.length + 1), 0, Arrays.copyOfRange(in, at, at + count));
            }
            default -> { // content that grows or shrinks with its length
                int more = random.nextInt(-8, 9);
                int place = Math.min(in.length, at + 1 + random.nextInt(8));
                byte[] result = more >= 0 ? splice(in, place, 0, random(more))
                        : splice(in, place, Math.min(-more, in.length - place), new byte[0]);
                result[at] += (byte) (result.length - in.length);
                return result;
            }
        }
    }

    private byte[] random(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    private byte[] word() {
        return words.isEmpty() ? random(2) : words.get(random.nextInt(words.size()));
    }

    /** A number at a bound, in one of the ways in which numbers are written. */
    private byte[] number() {
        long value = NUMBERS[random.nextInt(NUMBERS.length)] + random.nextInt(-1, 2);
        byte[] fixed = ByteBuffer.allocate(8).putLong(value).array();
        if (random.nextInt(3) > 0) {
            return Arrays.copyOfRange(fixed, 8 - (1 << random.nextInt(4)), 8);
        }
        ByteBuffer sevens = ByteBuffer.allocate(10);
        for (; (value & ~0x7FL) != 0; value >>>= 7) {
            sevens.put((byte) (value | 0x80));
        }
        sevens.put((byte) value);
        return Arrays.copyOf(sevens.array(), sevens.position());
    }

    private static byte[] over(byte[] in, int at, byte[] bytes) {
        byte[] out = in.clone();
        System.arraycopy(bytes, 0, out, at, Math.min(bytes.length, out.length - at));
        return out;
    }

    /** Puts bytes in the place of others. */
    static byte[] splice(byte[] in, int at, int removed, byte[] bytes) {
        byte[] out = new byte[in.length - removed + bytes.length];
        System.arraycopy(in, 0, out, 0, at);
        System.arraycopy(bytes, 0, out, at, bytes.length);
        System.arraycopy(in, at + removed, out, at + bytes.length, in.length - at - removed);
        return out;
    }
}
