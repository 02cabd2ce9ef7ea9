package mqtt.resilient.impl.simulation;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Packets of a broker, of MQTT 3.1.1 and of 5, made without the code under test. */
final class Packets {
    static final int CONNECT = 1;
    static final int CONNACK = 2;
    static final int PUBLISH = 3;
    static final int PUBACK = 4;
    static final int PUBREC = 5;
    static final int PUBREL = 6;
    static final int PUBCOMP = 7;
    static final int SUBSCRIBE = 8;
    static final int SUBACK = 9;
    static final int UNSUBSCRIBE = 10;
    static final int UNSUBACK = 11;
    static final int PINGREQ = 12;
    static final int PINGRESP = 13;
    static final int DISCONNECT = 14;
    private static final String[] NAMES = { "RESERVED", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL",
        "PUBCOMP", "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH" };

    private Packets() {
    }

    static String name(int type) {
        return NAMES[type];
    }

    // ---- 5 --------------------------------------------------------------------------------------------------------

    static byte[] connack(boolean sessionPresent, int code, Properties properties) {
        return packet(CONNACK << 4, new byte[] { (byte) (sessionPresent ? 1 : 0), (byte) code }, properties.encode());
    }

    /** PUBACK, PUBREC, PUBREL or PUBCOMP; short if there is nothing to say. */
    static byte[] acknowledgement(int type, int id, int code, Properties properties) {
        byte[] head = { (byte) (id >> 8), (byte) id };
        int header = type << 4 | (type == PUBREL ? 2 : 0);
        return properties != null ? packet(header, head, new byte[] { (byte) code }, properties.encode())
                : code != 0 ? packet(header, head, new byte[] { (byte) code }) : packet(header, head);
    }

    /** SUBACK or UNSUBACK. */
    static byte[] answer(int type, int id, byte[] codes) {
        return packet(type << 4, new byte[] { (byte) (id >> 8), (byte) id, 0 }, codes);
    }

    static byte[] disconnect(int code, Properties properties) {
        return packet(DISCONNECT << 4, new byte[] { (byte) code }, properties.encode());
    }

    static byte[] publish(String topic, byte[] payload, int flags, int id, Properties properties) {
        byte[] name = topic.getBytes(StandardCharsets.UTF_8);
        byte[] head = { (byte) (name.length >> 8), (byte) name.length };
        byte[] number = (flags & 6) == 0 ? new byte[0] : new byte[] { (byte) (id >> 8), (byte) id };
        return packet(PUBLISH << 4 | flags, head, name, number, properties.encode(), payload);
    }

    static byte[] packet(int header, byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        ByteArrayOutputStream packet = new ByteArrayOutputStream(length + 5);
        packet.write(header);
        putLength(length, packet);
        for (byte[] part : parts) {
            packet.writeBytes(part);
        }
        return packet.toByteArray();
    }

    // ---- 3.1.1 ----------------------------------------------------------------------------------------------------

    static byte[] connack(boolean sessionPresent, int code) {
        return new byte[] { CONNACK << 4, 2, (byte) (sessionPresent ? 1 : 0), (byte) code };
    }

    /** PUBACK, PUBREC, PUBREL, PUBCOMP or UNSUBACK. */
    static byte[] acknowledgement(int type, int id) {
        return new byte[] { (byte) (type << 4 | (type == PUBREL ? 2 : 0)), 2, (byte) (id >> 8), (byte) id };
    }

    static byte[] suback(int id, byte[] codes) {
        ByteArrayOutputStream packet = new ByteArrayOutputStream();
        packet.write(SUBACK << 4);
        putLength(2 + codes.length, packet);
        packet.write(id >> 8);
        packet.write(id);
        packet.writeBytes(codes);
        return packet.toByteArray();
    }

    static byte[] pingresp() {
        return new byte[] { (byte) (PINGRESP << 4), 0 };
    }

    static byte[] publish(String topic, byte[] payload, int qos, boolean duplicate, int id) {
        byte[] name = topic.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream packet = new ByteArrayOutputStream(name.length + payload.length + 9);
        packet.write(PUBLISH << 4 | (duplicate ? 8 : 0) | qos << 1);
        putLength(2 + name.length + (qos > 0 ? 2 : 0) + payload.length, packet);
        packet.write(name.length >> 8);
        packet.write(name.length);
        packet.writeBytes(name);
        if (qos > 0) {
            packet.write(id >> 8);
            packet.write(id);
        }
        packet.writeBytes(payload);
        return packet.toByteArray();
    }

    static void putLength(int length, ByteArrayOutputStream to) {
        int rest = length;
        do {
            to.write(rest > 127 ? rest % 128 + 128 : rest);
            rest /= 128;
        } while (rest > 0);
    }
}
