package mqtt.resilient.impl.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import mqtt.resilient.impl.environment.Route;
import mqtt.resilient.impl.environment.Route.Proxy.Kind;
import mqtt.resilient.impl.fuzz.StreamTarget;
import mqtt.resilient.impl.fuzz.Target;
import mqtt.resilient.impl.world.Bytes;

/** The decoders between TCP and MQTT, for the fuzzer. */
public final class IoTargets {
    private IoTargets() {
    }

    /** All of them. */
    public static List<Target> all() {
        return List.of(new Frames(), http("http-connect", () -> new HttpConnect(route(Kind.HTTP))),
                http("websocket-upgrade", () -> new WebSocketUpgrade(route(Kind.HTTP), new NoRandom())),
                new Dialogue("socks5", () -> new Socks5(route(Kind.SOCKS5)),
                        Stream.of("05 00  05 00 00 01 7f000001 1234  10", "05 02  01 00  05 00 00 03 04 'name' 1234",
                                "05 00  05 00 00 04 00000000000000000000000000000001 1234", "05 02  01 01", "05 ff",
                                "05 00  05 05 00 01 00000000 0000").map(Bytes::of).toList(),
                        Stream.of("05 00", "05 02", "01 00", "05 00 00 03 ff").map(Bytes::of).toList()));
    }

    private static Route route(Kind proxy) {
        InetAddress address = InetAddress.getLoopbackAddress();
        return new Route(address, 1080, "broker", 8883, new Route.Proxy(proxy, "proxy", 1080, "user", "secret"), null,
                new Route.WebSocket("/mqtt?t=1", List.of()));
    }

    private static Target http(String name, Supplier<Prelude> opening) {
        String upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Accept: ";
        String protocol = "\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";
        return new Dialogue(name, opening,
                ascii("HTTP/1.1 200 Connection established\r\n\r\n\u0010", "HTTP/1.0 299 \r\n\r\n",
                        "HTTP/1.1 407 Proxy Authentication Required\r\nA: b\r\nC:\r\n\r\n", "HTTP/1.1\r\n\r\n",
                        upgrade + RudePeer.accept("AAAAAAAAAAAAAAAAAAAAAA==") + protocol + "\u0082",
                        upgrade + "x" + protocol),
                ascii("HTTP/", "\r\n", "\r\n\r\n", ":", " ", "200", "101", "HTTP/1.1 200 ", "Upgrade: websocket\r\n",
                        "\u0000"));
    }

    private static List<byte[]> ascii(String... texts) {
        return Stream.of(texts).map(text -> text.getBytes(StandardCharsets.ISO_8859_1)).toList();
    }

    /** Not random, so that the same input has the same outcome. */
    private static final class NoRandom extends SecureRandom {
        private static final long serialVersionUID = 1L;

        @Override
        public int nextInt() {
            return 0;
        }

        @Override
        public void nextBytes(byte[] bytes) {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /** An opening: it takes what belongs to it and not a byte more, and ends, or refuses in words. */
    private static final class Dialogue extends StreamTarget {
        private final String name;
        private final Supplier<Prelude> opening;
        private final List<byte[]> seeds;
        private final List<byte[]> words;

        Dialogue(String name, Supplier<Prelude> opening, List<byte[]> seeds, List<byte[]> words) {
            this.name = name;
            this.opening = opening;
            this.seeds = seeds;
            this.words = words;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public List<byte[]> seeds() {
            return seeds;
        }

        @Override
        public List<byte[]> words() {
            return words;
        }

        @Override
        public int maxBytes() {
            return 20_000; // an HTTP head may have 16,384
        }

        @Override
        public long allocationLimit(int inputBytes) {
            return 65_536 + 150L * inputBytes; // texts
        }

        @Override
        protected String take(List<ByteBuffer> pieces) {
            Prelude dialogue = opening.get();
            StringBuilder said = new StringBuilder();
            int left = pieces.stream().mapToInt(ByteBuffer::remaining).sum();
            try {
                dialogue.start();
                for (ByteBuffer piece : pieces) {
                    while (piece.hasRemaining()) {
                        int before = piece.remaining();
                        byte[] answer = dialogue.received(piece);
                        left -= before - piece.remaining();
                        if (answer == null) {
                            return said + "over, left " + left;
                        }
                        if (answer.length == 0 && piece.hasRemaining() || before == piece.remaining()) {
                            throw new AssertionError("wants more and takes nothing");
                        }
                        said.append(answer.length == 0 ? "" : Bytes.hex(answer) + "; ");
                    }
                }
                return said + "more";
            } catch (IOException e) {
                return said + e.getMessage();
            }
        }
    }

    /** The frames of a WebSocket: what is in them comes out, and nothing else. */
    private static final class Frames extends StreamTarget {
        @Override
        public String name() {
            return "websocket-frames";
        }

        @Override
        public List<byte[]> seeds() {
            return Stream.of("82 02 0102", "02 01 03  00 00  80 02 0405", "89 02 'hi'  8a 01 00", "88 02 03e8", "88 00",
                    "82 7e 0080" + "ab".repeat(128), "82 7f 0000000000000002 0708", "82 00", "89 00 82 01 00")
                    .map(Bytes::of)
                    .toList();
        }

        @Override
        public List<byte[]> words() {
            return Stream.of("82", "02", "00", "80", "88", "89", "8a", "7e", "7f", "7e 0002", "7f 0000000000000001",
                    "7f 7fffffffffffffff", "7f 8000000000000000", "82 00").map(Bytes::of).toList();
        }

        @Override
        public void decode(byte[] input) {
            try {
                new WebSocketFrames(new NoRandom()).unwrap(ByteBuffer.wrap(input), new Log());
            } catch (IOException e) {
                return; // a refusal
            }
        }

        @Override
        public long allocationLimit(int inputBytes) {
            return 8192 + 150L * inputBytes; // an empty ping takes two bytes and is answered
        }

        @Override
        protected String take(List<ByteBuffer> pieces) {
            WebSocketFrames frames = new WebSocketFrames(new NoRandom());
            Log log = new Log();
            try {
                for (ByteBuffer piece : pieces) {
                    frames.unwrap(piece, log);
                    if (piece.hasRemaining()) {
                        throw new AssertionError("leaves bytes");
                    }
                }
            } catch (IOException e) {
                log.events.add(e.getMessage());
            }
            return log.events + " data " + log.data.size() + " " + (Arrays.hashCode(log.data.toByteArray()) & 0xFFFF);
        }

        private static final class Log implements WebSocketFrames.FrameReceiver {
            private final ByteArrayOutputStream data = new ByteArrayOutputStream();
            private final List<String> events = new ArrayList<>();

            @Override
            public void data(ByteBuffer bytes) {
                while (bytes.hasRemaining()) {
                    data.write(bytes.get());
                }
            }

            @Override
            public void answer(byte[] frame) {
                events.add("answer " + frame.length + " " + (Arrays.hashCode(frame) & 0xFFFF));
            }

            @Override
            public void closing(String reason) {
                events.add(reason);
            }
        }
    }
}
