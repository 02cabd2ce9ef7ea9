package mqtt.resilient.impl.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import mqtt.resilient.impl.world.Bytes;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every decoder with mutated input, for a moment; {@code bin/fuzz} does it for as long as one likes. */
class FuzzTest {
    private static final long SEED = 1;
    private static final int INPUTS = Boolean.getBoolean("tests.full") ? 5000 : 500;

    static Stream<Arguments> targets() {
        return Fuzzer.targets().stream().map(target -> Arguments.of(target.name(), target));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("targets")
    @Tag("full")
    void noInputDoesMoreThanItsDecoderAllows(String name, Target target) {
        Campaign campaign = new Campaign(target, SEED);
        int inputs = name.startsWith("store") || name.startsWith("client") ? INPUTS / 10 : INPUTS;
        for (int i = 0; i < inputs; i++) {
            Campaign.Failure failure = campaign.next();
            if (failure != null) {
                throw new AssertionError(name + " " + HexFormat.of().formatHex(failure.input()), failure.error());
            }
        }
    }

    static Stream<Arguments> corpus() throws IOException, URISyntaxException {
        Path corpus = Path.of(FuzzTest.class.getResource("corpus").toURI());
        List<Arguments> all;
        try (Stream<Path> files = Files.walk(corpus)) {
            all = files.filter(Files::isRegularFile).sorted()
                    .map(file -> Arguments.of(corpus.relativize(file).toString(), file)).toList();
        }
        return all.stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("corpus")
    void whatEverFailedDoesNotFailAgain(String name, Path file) throws IOException {
        Target target = Fuzzer.targets().stream()
                .filter(each -> each.name().equals(file.getParent().getFileName().toString()))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no target has the name of the directory of " + name));
        Campaign.attempt(target, Bytes.of(Files.readString(file)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("targets")
    void theSameSeedTriesTheSameInputs(String name, Target target) {
        Campaign one = new Campaign(target, SEED);
        Campaign other = new Campaign(target, SEED);
        for (int i = 0; i < 50; i++) {
            assertNull(one.next());
            assertNull(other.next());
            assertEquals(HexFormat.of().formatHex(one.current), HexFormat.of().formatHex(other.current));
        }
    }

    // ---- the fuzzer can see ---------------------------------------------------------------------------------------

    /** A decoder of texts that begin with their length. */
    private static final class Texts extends StreamTarget {
        private final ToIntFunction<List<ByteBuffer>> decoder;

        Texts(ToIntFunction<List<ByteBuffer>> decoder) {
            this.decoder = decoder;
        }

        @Override
        public String name() {
            return "texts";
        }

        @Override
        public List<byte[]> seeds() {
            return List.of(Bytes.of("03 'abc' 00 01 'd'"));
        }

        @Override
        protected String take(List<ByteBuffer> pieces) {
            return "decoded " + decoder.applyAsInt(pieces);
        }
    }

    private static byte[] join(List<ByteBuffer> pieces) {
        return Bytes
                .join(pieces.stream().map(piece -> Arrays.copyOfRange(piece.array(), piece.position(), piece.limit()))
                        .toArray(byte[][]::new));
    }

    private static String found(ToIntFunction<List<ByteBuffer>> decoder) {
        Texts target = new Texts(decoder);
        Campaign campaign = new Campaign(target, SEED);
        Campaign.Failure failure = null;
        for (int i = 0; i < 20_000 && failure == null; i++) {
            failure = campaign.next();
        }
        assertNotNull(failure, "nothing was found");
        Campaign.Failure shorter = Campaign.shrink(target, failure);
        assertTrue(shorter.input().length <= failure.input().length);
        return shorter.error().toString();
    }

    @Test
    void aMissingCheckOfABoundIsFound() {
        assertTrue(found(pieces -> {
            byte[] all = join(pieces);
            int last = 0;
            for (int at = 0; at < all.length; at += 1 + (all[at] & 0xFF)) {
                last = (all[at] & 0xFF) == 0 ? 0 : all[at + (all[at] & 0xFF)];
            }
            return last;
        }).contains("ArrayIndexOutOfBounds"));
    }

    @Test
    void memoryForALengthThatIsOnlyAnnouncedIsFound() {
        assertTrue(found(pieces -> {
            byte[] all = join(pieces);
            return all.length < 4 ? 0 : new byte[ByteBuffer.wrap(all).getInt() & 0xFFFFF].length;
        }).contains("allocates"));
    }

    @Test
    void aResultThatDependsOnThePiecesIsFound() {
        assertTrue(found(pieces -> {
            int texts = 0;
            for (ByteBuffer piece : pieces) { // as if a text never came in two
                while (piece.hasRemaining()) {
                    int length = piece.get() & 0xFF;
                    piece.position(Math.min(piece.limit(), piece.position() + length));
                    texts++;
                }
            }
            return texts;
        }).contains("byte by byte"));
    }
}
