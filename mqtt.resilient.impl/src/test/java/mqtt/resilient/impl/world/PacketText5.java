package mqtt.resilient.impl.world;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;

/**
 * MQTT 5 packets as one line of text each, made without the code under test. As {@link PacketText}, with properties by
 * their numbers in braces where there are any, as last word, in PUBLISH behind the id or the QoS, and with reason
 * codes:
 *
 * <pre>
 * CONNECT [clean ]id=c keepalive=60 {17=604800 33=100} [will=topic,payload,q1[,retain] {24=5}]
 * CONNACK [session-present | code=135] {33=20 38=name:value}
 * PUBLISH q1 id=7 {3=text/plain} topic payload     ~ stands for an empty topic
 * PUBACK id=7 code=151 {31=quota}     SUBSCRIBE id=1 {11=5} a/#:1     DISCONNECT code=142 {28=other:1884}
 * </pre>
 */
public final class PacketText5 {
    private static final List<String> NAMES = List.of("RESERVED", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC",
            "PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT",
            "AUTH");
    private static final Set<Integer> BYTES = Set.of(1, 23, 25, 36, 37, 40, 41, 42);
    private static final Set<Integer> SHORTS = Set.of(19, 33, 34, 35);
    private static final Set<Integer> INTS = Set.of(2, 17, 24, 39);

    private PacketText5() {
    }

    /** Encodes a packet that a broker sends. */
    public static byte[] encode(String text) {
        String properties = "";
        String rest = text;
        int brace = text.indexOf('{');
        if (brace >= 0) {
            int end = text.indexOf('}');
            properties = text.substring(brace + 1, end);
            rest = text.substring(0, brace).strip() + text.substring(end + 1);
        }
        String[] words = rest.strip().split(" ");
        int type = NAMES.indexOf(words[0]);
        int flags = 0;
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        switch (words[0]) {
            case "CONNACK" -> {
                body.write(rest.contains("session-present") ? 1 : 0);
                body.write(code(words, 1));
                putProperties(properties, body);
            }
            case "PUBLISH" -> flags = publish(words, properties, body);
            case "PUBACK", "PUBREC", "PUBREL", "PUBCOMP" -> {
                flags = words[0].equals("PUBREL") ? 2 : 0;
                put(2, Long.parseLong(words[1].substring(3)), body);
                if (words.length > 2 || !properties.isEmpty()) {
                    body.write(code(words, 2));
                    putProperties(properties, body);
                }
            }
            case "SUBACK", "UNSUBACK" -> {
                put(2, Long.parseLong(words[1].substring(3)), body);
                putProperties(properties, body);
                for (int i = 2; i < words.length; i++) {
                    body.write(Integer.parseInt(words[i]));
                }
            }
            case "DISCONNECT", "AUTH" -> {
                body.write(code(words, 1));
                putProperties(properties, body);
            }
            case "PINGRESP" -> {}
            default -> throw new IllegalArgumentException(text);
        }
        ByteArrayOutputStream packet = new ByteArrayOutputStream();
        packet.write(type << 4 | flags);
        putVarint(body.size(), packet);
        packet.writeBytes(body.toByteArray());
        return packet.toByteArray();
    }

    private static int code(String[] words, int at) {
        return words.length > at && words[at].startsWith("code=") ? Integer.parseInt(words[at].substring(5)) : 0;
    }

    private static int publish(String[] words, String properties, ByteArrayOutputStream body) {
        int flags = 0;
        int next = 1;
        for (; !words[next].matches("q[0-3]"); next++) {
            flags |= words[next].equals("dup") ? 8 : 1;
        }
        int qos = words[next].charAt(1) - '0';
        String id = qos == 0 ? null : words[++next];
        putText(words[next + 1].equals("~") ? "" : words[next + 1], body);
        if (id != null) {
            put(2, Long.parseLong(id.substring(3)), body);
        }
        putProperties(properties, body);
        String payload = String.join(" ", List.of(words).subList(Math.min(words.length, next + 2), words.length));
        body.writeBytes(payload.getBytes(StandardCharsets.UTF_8));
        return flags | qos << 1;
    }

    private static void putProperties(String properties, ByteArrayOutputStream body) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (String each : properties.isEmpty() ? new String[0] : properties.split(" ")) {
            int id = Integer.parseInt(each.substring(0, each.indexOf('=')));
            String value = each.substring(each.indexOf('=') + 1);
            all.write(id);
            if (id == 38) {
                putText(value.split(":")[0], all);
                putText(value.split(":")[1], all);
            } else if (id == 11) {
                putVarint(Integer.parseInt(value), all);
            } else if (BYTES.contains(id) || SHORTS.contains(id) || INTS.contains(id)) {
                put(BYTES.contains(id) ? 1 : SHORTS.contains(id) ? 2 : 4, Long.parseLong(value), all);
            } else {
                putText(value, all);
            }
        }
        putVarint(all.size(), body);
        body.writeBytes(all.toByteArray());
    }

    private static void put(int bytes, long value, ByteArrayOutputStream body) {
        for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
            body.write((int) (value >> shift));
        }
    }

    private static void putVarint(int value, ByteArrayOutputStream body) {
        int rest = value;
        while (rest > 127) {
            body.write(rest % 128 + 128);
            rest /= 128;
        }
        body.write(rest);
    }

    private static void putText(String text, ByteArrayOutputStream body) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        put(2, bytes.length, body);
        body.writeBytes(bytes);
    }

    /** Decodes a packet that a client sends. */
    static String decode(int header, ByteBuffer body) {
        String name = NAMES.get(header >> 4);
        return switch (name) {
            case "CONNECT" -> connect(body);
            case "PUBLISH" -> {
                int qos = header >> 1 & 3;
                String topic = text(body);
                String id = qos == 0 ? "" : " id=" + number(2, body);
                String properties = properties(body);
                yield "PUBLISH " + ((header & 8) != 0 ? "dup " : "") + ((header & 1) != 0 ? "retain " : "") + "q" + qos
                        + id + properties + " " + (topic.isEmpty() ? "~" : topic) + " "
                        + StandardCharsets.UTF_8.decode(body);
            }
            case "SUBSCRIBE", "UNSUBSCRIBE" -> {
                StringBuilder packet = new StringBuilder(name + " id=" + number(2, body) + properties(body));
                while (body.hasRemaining()) {
                    packet.append(' ').append(text(body)).append(name.equals("SUBSCRIBE") ? ":" + body.get() : "");
                }
                yield packet.toString();
            }
            case "PINGREQ" -> name;
            case "DISCONNECT", "AUTH" -> name + codeAndProperties(body);
            default -> name + " id=" + number(2, body) + codeAndProperties(body);
        };
    }

    private static String codeAndProperties(ByteBuffer body) {
        if (!body.hasRemaining()) {
            return "";
        }
        int code = body.get() & 0xFF;
        return (code == 0 ? "" : " code=" + code) + (body.hasRemaining() ? properties(body) : "");
    }

    private static String connect(ByteBuffer body) {
        text(body);
        body.get();
        int flags = body.get();
        long keepAlive = number(2, body);
        String properties = properties(body);
        StringBuilder packet = new StringBuilder("CONNECT ").append((flags & 2) != 0 ? "clean " : "").append("id=")
                .append(text(body)).append(" keepalive=").append(keepAlive).append(properties);
        if ((flags & 4) != 0) {
            String will = properties(body);
            packet.append(" will=").append(text(body)).append(',').append(text(body)).append(",q")
                    .append(flags >> 3 & 3)
                    .append((flags & 0x20) != 0 ? ",retain" : "").append(will);
        }
        if ((flags & 0x80) != 0) {
            packet.append(" user=").append(text(body));
        }
        if ((flags & 0x40) != 0) {
            packet.append(" password=").append(text(body));
        }
        return packet.toString();
    }

    private static String properties(ByteBuffer body) {
        int end = varint(body);
        end += body.position();
        StringBuilder all = new StringBuilder();
        while (body.position() < end) {
            int id = varint(body);
            all.append(all.isEmpty() ? "" : " ").append(id).append('=').append(BYTES.contains(id) ? number(1, body)
                    : SHORTS.contains(id) ? number(2, body) : INTS.contains(id) ? number(4, body)
                            : id == 11 ? varint(body) : id == 38 ? text(body) + ":" + text(body) : text(body));
        }
        return all.isEmpty() ? "" : " {" + all + "}";
    }

    private static int varint(ByteBuffer body) {
        int value = 0;
        for (int shift = 0;; shift += 7) {
            int next = body.get();
            value |= (next & 127) << shift;
            if (next >= 0) {
                return value;
            }
        }
    }

    private static long number(int bytes, ByteBuffer body) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value = value << 8 | body.get() & 0xFF;
        }
        return value;
    }

    private static String text(ByteBuffer body) {
        byte[] bytes = new byte[(int) number(2, body)];
        body.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
