package mqtt.resilient.impl.world;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * MQTT 3.1.1 packets ({@link PacketText5}: those of MQTT 5) as one line of text each, made without the code under test:
 *
 * <pre>
 * CONNECT [clean ]id=c keepalive=60 [user=u ][will=topic,payload,q1[,retain]]
 * CONNACK [session-present | code=5]
 * PUBLISH [dup ][retain ]q1 id=7 topic payload      (q0 without id)
 * PUBACK id=7     PUBREC id=7     PUBREL id=7     PUBCOMP id=7
 * SUBSCRIBE id=1 a/#:1 b:2     SUBACK id=1 1 128     UNSUBSCRIBE id=2 b     UNSUBACK id=2
 * PINGREQ     PINGRESP     DISCONNECT
 * </pre>
 */
public final class PacketText {
    private static final List<String> NAMES = List.of("RESERVED", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC",
            "PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT");

    /** Where CONNECT has the version, behind the name of the protocol. */
    private static final int LEVEL_AT = 6;

    private PacketText() {
    }

    /** Encodes a packet that a broker sends. */
    public static byte[] encode(String text) {
        String[] words = text.split(" ");
        int type = NAMES.indexOf(words[0]);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        int flags = 0;
        switch (words[0]) {
            case "CONNACK" -> {
                body.write(text.contains("session-present") ? 1 : 0);
                body.write(
                        words.length > 1 && words[1].startsWith("code=") ? Integer.parseInt(words[1].substring(5)) : 0);
            }
            case "PUBLISH" -> flags = publish(words, body);
            case "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "UNSUBACK" -> {
                flags = words[0].equals("PUBREL") ? 2 : 0;
                putId(words[1], body);
            }
            case "SUBACK" -> {
                putId(words[1], body);
                for (int i = 2; i < words.length; i++) {
                    body.write(Integer.parseInt(words[i]));
                }
            }
            case "PINGRESP" -> {}
            default -> throw new IllegalArgumentException(text);
        }
        ByteArrayOutputStream packet = new ByteArrayOutputStream();
        packet.write(type << 4 | flags);
        int length = body.size();
        do {
            packet.write(length > 127 ? length % 128 + 128 : length);
            length /= 128;
        } while (length > 0);
        packet.writeBytes(body.toByteArray());
        return packet.toByteArray();
    }

    private static int publish(String[] words, ByteArrayOutputStream body) {
        int flags = 0;
        int next = 1;
        for (; !words[next].matches("q[0-3]"); next++) {
            flags |= words[next].equals("dup") ? 8 : 1;
        }
        int qos = words[next].charAt(1) - '0';
        String id = qos == 0 ? null : words[++next];
        putText(words[next + 1], body);
        if (id != null) {
            putId(id, body);
        }
        String payload = String.join(" ", List.of(words).subList(Math.min(words.length, next + 2), words.length));
        body.writeBytes(payload.getBytes(StandardCharsets.UTF_8));
        return flags | qos << 1;
    }

    private static void putId(String word, ByteArrayOutputStream body) {
        int id = Integer.parseInt(word.substring(3));
        body.write(id >> 8);
        body.write(id);
    }

    private static void putText(String text, ByteArrayOutputStream body) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        body.write(bytes.length >> 8);
        body.write(bytes.length);
        body.writeBytes(bytes);
    }

    /** Reads the packets of a client out of a byte stream. */
    public static final class Reader {
        private byte[] rest = {};
        private boolean five;

        /** Whether the CONNECT was one of MQTT 5. */
        public boolean isFive() {
            return five;
        }

        public List<String> read(ByteBuffer bytes) {
            byte[] all = new byte[rest.length + bytes.remaining()];
            System.arraycopy(rest, 0, all, 0, rest.length);
            bytes.get(all, rest.length, bytes.remaining());
            ByteBuffer in = ByteBuffer.wrap(all);
            List<String> packets = new ArrayList<>();
            while (true) {
                in.mark();
                if (in.remaining() < 2) {
                    break;
                }
                int header = in.get() & 0xFF;
                int length = 0;
                int shift = 0;
                boolean whole = false;
                while (in.hasRemaining() && !whole) {
                    int digit = in.get();
                    length |= (digit & 127) << shift;
                    shift += 7;
                    whole = digit >= 0;
                }
                if (!whole || in.remaining() < length) {
                    break;
                }
                ByteBuffer body = in.slice(in.position(), length);
                five = header >> 4 == 1 ? body.get(LEVEL_AT) == 5 : five;
                packets.add(five ? PacketText5.decode(header, body) : decode(header, body));
                in.position(in.position() + length);
            }
            in.reset();
            rest = new byte[in.remaining()];
            in.get(rest);
            return packets;
        }

        private static String decode(int header, ByteBuffer body) {
            String name = NAMES.get(header >> 4);
            return switch (name) {
                case "CONNECT" -> connect(body);
                case "PUBLISH" -> {
                    int qos = header >> 1 & 3;
                    String topic = text(body);
                    String id = qos == 0 ? "" : " id=" + id(body);
                    yield "PUBLISH " + ((header & 8) != 0 ? "dup " : "") + ((header & 1) != 0 ? "retain " : "") + "q"
                            + qos + id + " " + topic + " " + StandardCharsets.UTF_8.decode(body);
                }
                case "SUBSCRIBE" -> {
                    StringBuilder packet = new StringBuilder("SUBSCRIBE id=" + id(body));
                    while (body.hasRemaining()) {
                        packet.append(' ').append(text(body)).append(':').append(body.get());
                    }
                    yield packet.toString();
                }
                case "UNSUBSCRIBE" -> {
                    StringBuilder packet = new StringBuilder("UNSUBSCRIBE id=" + id(body));
                    while (body.hasRemaining()) {
                        packet.append(' ').append(text(body));
                    }
                    yield packet.toString();
                }
                case "PINGREQ", "DISCONNECT" -> name;
                default -> name + " id=" + id(body);
            };
        }

        private static String connect(ByteBuffer body) {
            text(body);
            body.get();
            int flags = body.get();
            int keepAlive = body.getShort() & 0xFFFF;
            StringBuilder packet = new StringBuilder("CONNECT ").append((flags & 2) != 0 ? "clean " : "");
            packet.append("id=").append(text(body)).append(" keepalive=").append(keepAlive);
            if ((flags & 4) != 0) {
                packet.append(" will=").append(text(body)).append(',').append(text(body)).append(",q")
                        .append(flags >> 3 & 3).append((flags & 0x20) != 0 ? ",retain" : "");
            }
            if ((flags & 0x80) != 0) {
                packet.append(" user=").append(text(body));
            }
            if ((flags & 0x40) != 0) {
                packet.append(" password=").append(text(body));
            }
            return packet.toString();
        }

        private static int id(ByteBuffer body) {
            return body.getShort() & 0xFFFF;
        }

        private static String text(ByteBuffer body) {
            byte[] bytes = new byte[body.getShort() & 0xFFFF];
            body.get(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }
}
