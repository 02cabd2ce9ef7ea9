package mqtt.resilient.impl.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import mqtt.resilient.impl.world.Bytes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames of a WebSocket, byte by byte. */
class WebSocketFramesTest {
    private final WebSocketFrames frames = new WebSocketFrames(new SecureRandom());
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private final List<String> events = new ArrayList<>();
    private final WebSocketFrames.FrameReceiver receiver = new WebSocketFrames.FrameReceiver() {
        @Override
        public void data(ByteBuffer bytes) {
            while (bytes.hasRemaining()) {
                data.write(bytes.get());
            }
        }

        @Override
        public void answer(byte[] frame) {
            try {
                byte[] sent = RudePeer.frame(new ByteArrayInputStream(frame));
                events.add("answer " + HexFormat.of().formatHex(sent));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void closing(String reason) {
            events.add(reason);
        }
    };

    private void take(String text) throws IOException {
        frames.unwrap(ByteBuffer.wrap(Bytes.of(text)), receiver);
    }

    private String data() {
        return HexFormat.of().formatHex(data.toByteArray());
    }

    @ParameterizedTest
    @ValueSource(ints = { 1, 2, 3, 4, 5, 125, 126, 127, 65_535, 65_536, 100_000 })
    void whatIsWrappedIsMaskedAndHasTheShortestHeader(int length) throws IOException {
        byte[] payload = new byte[length];
        new Random(length).nextBytes(payload);
        ByteBuffer frame = frames.wrap(ByteBuffer.allocate(WebSocketFrames.HEADER_BYTES + length)
                .position(WebSocketFrames.HEADER_BYTES).put(payload));
        assertEquals(length + (length < 126 ? 6 : length < 65_536 ? 8 : 14), frame.remaining());
        assertEquals((byte) 0x82, frame.get());
        int code = frame.get() & 0xFF;
        assertTrue((code & 0x80) != 0, "a client masks [RFC 6455 section 5.3]");
        long size = (code & 127) == 126 ? frame.getShort() & 0xFFFF
                : (code & 127) == 127 ? frame.getLong() : code & 127;
        assertEquals(length, size);
        byte[] mask = new byte[4];
        frame.get(mask);
        byte[] unmasked = new byte[length];
        for (int i = 0; i < length; i++) {
            unmasked[i] = (byte) (frame.get() ^ mask[i & 3]);
        }
        assertArrayEquals(payload, unmasked);
    }

    @Test
    void twoFramesHaveTwoMasks() {
        byte[] one = frames.binary(new byte[8]);
        byte[] other = frames.binary(new byte[8]);
        assertTrue(!HexFormat.of().formatHex(one).equals(HexFormat.of().formatHex(other)));
    }

    @Test
    void binaryFramesAndTheirFragmentsAreOneStream() throws IOException {
        take("82 02 0102  02 01 03  00 00  00 02 0405  80 01 06  82 00  82 7e 0002 0708");
        assertEquals("0102030405060708", data());
        assertEquals(List.of(), events);
    }

    @Test
    void theStreamDoesNotDependOnHowItIsCut() throws IOException {
        byte[] all = Bytes
                .of("82 02 0102  89 02 'hi'  02 01 03  8a 01 00  80 7e 0003 040506  82 7f 0000000000000002 0708"
                        + " 89 00  88 02 03e8");
        for (byte each : all) {
            frames.unwrap(ByteBuffer.wrap(new byte[] { each }), receiver);
        }
        assertEquals("0102030405060708", data());
        assertEquals(List.of("answer 0a6869", "answer 0a", "the broker closed the WebSocket with code 1000"), events);
    }

    @Test
    void everyCutInTwoGivesTheSame() throws IOException {
        byte[] all = Bytes.of("82 02 0102  89 02 'hi'  82 7e 0003 030405");
        for (int cut = 0; cut <= all.length; cut++) {
            WebSocketFrames fresh = new WebSocketFrames(new SecureRandom());
            data.reset();
            events.clear();
            fresh.unwrap(ByteBuffer.wrap(all, 0, cut), receiver);
            fresh.unwrap(ByteBuffer.wrap(all, cut, all.length - cut), receiver);
            assertEquals("0102030405", data(), "cut at " + cut);
            assertEquals(List.of("answer 0a6869"), events, "cut at " + cut);
        }
    }

    @Test
    void aPongIsIgnored() throws IOException {
        take("8a 03 'abc'");
        assertEquals(List.of(), events);
    }

    @Test
    void aCloseWithoutACodeIsAClose() throws IOException {
        take("88 00");
        assertEquals(List.of("the broker closed the WebSocket"), events);
    }

    @ParameterizedTest
    @ValueSource(strings = { "82 81 00000000 00", "c2 01 00", "a2 01 00", "92 01 00", "81 01 'a'", "83 00", "8b 00",
        "89 7e 007e", "82 7f 8000000000000000" })
    void aFrameThatIsNotAllowedIsAnIoException(String frame) {
        assertThrows(IOException.class, () -> take(frame));
    }

    @ParameterizedTest
    @ValueSource(strings = { "09 00", "08 00" })
    void aControlFrameIsNeverFragmented(String frame) { // RFC 6455 section 5.5
        assertThrows(IOException.class, () -> take(frame));
    }

    @ParameterizedTest
    @ValueSource(strings = { "80 01 00", "02 01 00 82 01 00" })
    void aContinuationContinuesAndNothingElseDoes(String frame) { // RFC 6455 section 5.4
        assertThrows(IOException.class, () -> take(frame));
    }

    @Test
    void randomBytesNeverDoAnythingElseThanAnIoException() {
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(40)];
            random.nextBytes(bytes);
            WebSocketFrames fresh = new WebSocketFrames(new SecureRandom());
            try {
                fresh.unwrap(ByteBuffer.wrap(bytes), receiver);
            } catch (IOException e) {
                assertTrue(e.getMessage().contains("WebSocket"));
            }
        }
    }
}
