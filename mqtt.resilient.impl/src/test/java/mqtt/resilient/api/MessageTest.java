package mqtt.resilient.api;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a message can be, and the small values around it. */
class MessageTest {

    @Test
    void theDefaults() {
        Message message = Message.to("a/b").build();
        assertEquals("a/b", message.topic());
        assertEquals(Qos.AT_LEAST_ONCE, message.qos());
        assertEquals(0, message.payloadLength());
        assertFalse(message.retain());
        assertEquals(Message.LANE_NORMAL, message.lane());
        assertEquals(0, message.expiresAfterNanos());
    }

    @Test
    void everythingThatWasSetIsThere() {
        Message message = Message.to("t").payload("ü").qos(Qos.EXACTLY_ONCE).retain(true).lane(0)
                .expiresAfter(Duration.ofMillis(5)).build();
        assertArrayEquals(new byte[] { (byte) 0xC3, (byte) 0xBC }, message.payload());
        assertEquals(2, message.payloadLength());
        assertEquals(Qos.EXACTLY_ONCE, message.qos());
        assertTrue(message.retain());
        assertEquals(0, message.lane());
        assertEquals(5_000_000, message.expiresAfterNanos());
        ByteBuffer target = ByteBuffer.allocate(2);
        message.writePayload(target);
        assertArrayEquals(message.payload(), target.array());
    }

    @Test
    void thePayloadIsCopiedInAndOut() {
        byte[] mine = { 1, 2, 3 };
        Message message = Message.to("t").payload(mine).build();
        mine[0] = 9;
        message.payload()[1] = 9;
        assertArrayEquals(new byte[] { 1, 2, 3 }, message.payload());
        assertEquals(0, Message.to("t").payload((byte[]) null).build().payloadLength());
    }

    @Test
    void aBuilderCanGoOnAfterItHasBuilt() {
        Message.Builder builder = Message.to("t").payload("1");
        Message first = builder.build();
        Message second = builder.payload("2").qos(Qos.AT_MOST_ONCE).build();
        assertEquals("1", new String(first.payload()));
        assertEquals(Qos.AT_LEAST_ONCE, first.qos());
        assertEquals("2", new String(second.payload()));
    }

    @ParameterizedTest
    @ValueSource(ints = { -1, 4, 100, Integer.MIN_VALUE })
    void aLaneThatDoesNotExist(int lane) {
        IllegalArgumentException error = assertThrows(IllegalArgumentException.class, () -> Message.to("t").lane(lane));
        assertEquals("lane: " + lane + " is not allowed; allowed are 0 to 3", error.getMessage());
    }

    @Test
    void anExpiryThatIsNone() {
        for (Duration none : new Duration[] { Duration.ZERO, Duration.ofNanos(-1), Duration.ofDays(-1) }) {
            IllegalArgumentException error = assertThrows(IllegalArgumentException.class,
                    () -> Message.to("t").expiresAfter(none));
            assertTrue(error.getMessage().startsWith("expiresAfter: " + none), error.getMessage());
        }
    }

    @Test
    void anExpiryOfAnyLength() {
        assertEquals(Long.MAX_VALUE, Message.to("t").expiresAfter(Duration.ofSeconds(Long.MAX_VALUE)).build()
                .expiresAfterNanos());
        assertEquals(1, Message.to("t").expiresAfter(Duration.ofNanos(1)).build().expiresAfterNanos());
    }

    @Test
    void aWildcardOrNulInTheTopicIsRefusedAtOnce() {
        for (String topic : new String[] { "a/+", "a/#", "a\0", "", null }) {
            IllegalArgumentException error = assertThrows(IllegalArgumentException.class, () -> Message.to(topic));
            assertTrue(error.getMessage().startsWith("topic: "), error.getMessage());
        }
    }

    @Test
    void nullIsNamed() {
        assertTrue(assertThrows(NullPointerException.class, () -> Message.to("t").qos(null)).getMessage()
                .startsWith("qos:"));
        assertTrue(assertThrows(NullPointerException.class, () -> SubscribeOptions.qos(null)).getMessage()
                .startsWith("qos:"));
    }

    @Test
    void theTextShowsNoPayload() {
        String text = Message.to("a/b").payload("geheim").retain(true).lane(3).build().toString();
        assertFalse(text.contains("geheim"));
        assertEquals("Message[a/b, 6 B, QoS 1, retain, lane 3]", text);
    }

    @Test
    void qosLevels() {
        for (int level = 0; level < 3; level++) {
            assertEquals(level, Qos.of(level).ordinal());
        }
        for (int level : new int[] { -1, 3, 128 }) {
            IllegalArgumentException error = assertThrows(IllegalArgumentException.class, () -> Qos.of(level));
            assertEquals("qos: " + level + " is not allowed; allowed are 0, 1 and 2", error.getMessage());
        }
    }

    @Test
    void grants() {
        assertEquals(Qos.AT_MOST_ONCE, new Subscription.Grant(0, "", List.of()).qos());
        assertEquals(Qos.EXACTLY_ONCE, new Subscription.Grant(2, "", List.of()).qos());
        for (Subscription.Grant none : new Subscription.Grant[] { Subscription.Grant.PENDING, Subscription.Grant.CLOSED,
            new Subscription.Grant(128, "", List.of()) }) {
            assertFalse(none.isGranted());
            assertTrue(assertThrows(IllegalStateException.class, none::qos).getMessage().contains("" + none.code()));
        }
    }

    @Test
    void manualAcknowledgementIsAnOption() {
        assertFalse(SubscribeOptions.qos(Qos.AT_LEAST_ONCE).manualAcknowledgement());
        assertEquals(
                new SubscribeOptions(Qos.EXACTLY_ONCE, true, false, false, SubscribeOptions.RetainHandling.ALWAYS, 0,
                        List.of()),
                SubscribeOptions.qos(Qos.EXACTLY_ONCE).acknowledgedManually());
    }
}
