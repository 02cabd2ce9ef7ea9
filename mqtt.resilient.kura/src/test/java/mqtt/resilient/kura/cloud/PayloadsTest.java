package mqtt.resilient.kura.cloud;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.RejectedException;
import mqtt.resilient.kura.StandInClient;
import org.eclipse.kura.KuraErrorCode;
import org.eclipse.kura.KuraException;
import org.eclipse.kura.cloud.CloudPayloadProtoBufDecoder;
import org.eclipse.kura.cloud.CloudPayloadProtoBufEncoder;
import org.eclipse.kura.cloudconnection.message.KuraMessage;
import org.eclipse.kura.message.KuraPayload;
import org.eclipse.kura.message.KuraPosition;
import org.eclipse.kura.system.SystemService;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands in the messages of a cloud connection, its lifecycle messages included. */
@Timeout(180)
class PayloadsTest {
    /** What Kura's CloudServiceImpl provides: with a mark instead of protobuf. */
    private static final class ProtoBuf implements CloudPayloadProtoBufEncoder, CloudPayloadProtoBufDecoder {
        @Override
        public byte[] getBytes(KuraPayload payload, boolean gzipped) {
            return ((gzipped ? "gz" : "pb") + payload.getMetric("t")).getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public KuraPayload buildFromByteArray(byte[] bytes) throws KuraException {
            String text = new String(bytes, StandardCharsets.UTF_8);
            if (!text.matches("(gz|pb).*")) {
                throw new KuraException(KuraErrorCode.DECODER_ERROR, "KuraPayload");
            }
            KuraPayload payload = new KuraPayload();
            payload.addMetric("t", text.substring(2));
            return payload;
        }
    }

    private final StandInClient client = new StandInClient();
    private final Endpoint endpoint = new Endpoint();
    private final ProtoBuf protobuf = new ProtoBuf();
    private final Map<String, Object> settings = new HashMap<>(Map.of("kura.service.pid", "connection",
            "mqtt.client", "cloud", "topic.context.account-name", "acme"));
    private final List<KuraPayload> received = new CopyOnWriteArrayList<>();
    private final List<Exception> failed = new CopyOnWriteArrayList<>();

    private void connected(Object... more) {
        set(more);
        endpoint.bind(client);
        endpoint.registerSubscriber(Map.of("topic.filter", "x"), message -> received.add(message.getPayload()));
        client.up();
    }

    private void set(Object... more) {
        for (int i = 0; i < more.length; i += 2) {
            settings.put((String) more[i], more[i + 1]);
        }
        endpoint.configure(settings);
    }

    private void publish(KuraPayload payload) throws KuraException {
        endpoint.publish(new KuraMessage(payload, Map.of("topic", "x", "qos", 1)));
    }

    private String sent(int number) {
        return new String(client.sent.get(number).message.payload(), StandardCharsets.UTF_8);
    }

    private static KuraPayload metric(Object value) {
        KuraPayload payload = new KuraPayload();
        payload.addMetric("t", value);
        return payload;
    }

    // ---- JSON ----

    private static KuraPayload full() {
        KuraPayload payload = metric(21.5);
        payload.addMetric("count", 7L);
        payload.addMetric("on", true);
        payload.addMetric("text", "a\"\\\n\u0001ü\ud83d\ude00");
        payload.setTimestamp(new Date(1_700_000_000_123L));
        payload.setBody(new byte[] { 0, -1, 7 });
        KuraPosition position = new KuraPosition();
        position.setLatitude(46.25);
        position.setLongitude(-13.5);
        position.setAltitude(300);
        position.setHeading(1.5);
        position.setPrecision(2.5);
        position.setSpeed(3.5);
        position.setSatellites(9);
        position.setStatus(4);
        position.setTimestamp(new Date(5));
        payload.setPosition(position);
        return payload;
    }

    @Test
    void jsonComesBackAsMetricsPositionTimeAndBody() throws Exception {
        connected("payload.encoding", "simple-json");
        publish(full());
        assertEquals(
                "{\"sentOn\":1700000000123,\"position\":{\"latitude\":46.25,\"longitude\":-13.5,\"altitude\":300.0,"
                        + "\"heading\":1.5,\"precision\":2.5,\"satellites\":9,\"speed\":3.5,"
                        + "\"timestamp\":5,\"status\":4},"
                        + "\"metrics\":{\"count\":7,\"on\":true,\"t\":21.5,"
                        + "\"text\":\"a\\\"\\\\\\u000a\\u0001ü\ud83d\ude00\"},"
                        + "\"body\":\"AP8H\"}",
                sent(0));
        client.deliver("x", sent(0));
        KuraPayload back = received.get(0);
        assertEquals(full().metrics(), back.metrics());
        assertEquals(full().getTimestamp(), back.getTimestamp());
        assertArrayEquals(full().getBody(), back.getBody());
        KuraPosition position = back.getPosition();
        assertEquals(List.of(46.25, -13.5, 300.0, 1.5, 2.5, 3.5, 9, 4, new Date(5)), List.of(position.getLatitude(),
                position.getLongitude(), position.getAltitude(), position.getHeading(), position.getPrecision(),
                position.getSpeed(), position.getSatellites(), position.getStatus(), position.getTimestamp()));
    }

    @Test
    void jsonSaysNoTypesSoThatNumbersComeBackAsLongOrDoubleAndBytesAsText() throws Exception {
        connected("payload.encoding", "simple-json");
        KuraPayload payload = metric(1);
        payload.addMetric("f", 0.5f);
        payload.addMetric("d", 1.0);
        payload.addMetric("bytes", new byte[] { 1 });
        payload.addMetric("none", Double.NaN);
        publish(payload);
        client.deliver("x", sent(0));
        assertEquals(Map.of("t", 1L, "f", 0.5, "d", 1.0, "bytes", "AQ=="), received.get(0).metrics());
    }

    @ParameterizedTest
    @ValueSource(strings = { "", "on", "[]", "{", "{}x", "{\"other\":1}", "{\"metrics\":1}",
        "{\"metrics\":{\"a\":null}}",
        "{\"metrics\":{\"a\":[1]}}", "{\"metrics\":{\"a\":{}}}", "{\"metrics\":{\"a\":01}}", "{\"metrics\":{\"a\":1}",
        "{\"metrics\":{\"a\":1},}", "{\"metrics\":{\"a\":\"\\x\"}}", "{\"metrics\":{\"a\":\"\\u00g0\"}}",
        "{\"metrics\":{\"a\":\"",
        "{\"metrics\":{\"a\":\"\\", "{\"body\":\"%\"}", "{\"body\":1}", "{\"sentOn\":1.5}", "{\"sentOn\":\"1\"}",
        "{\"position\":{\"latitude\":\"1\"}}", "{\"position\":{\"where\":1}}",
        "{\"position\":{\"status\":99999999999}}",
        "{\"metrics\":{\"a\":-}}", "{\"metrics\":{\"a\":truely}}", "{\"metrics\":{a:1}}" })
    void whatIsNotOfThisFormIsABody(String text) throws Exception {
        connected("payload.encoding", "simple-json");
        client.deliver("x", text);
        assertEquals(text, new String(received.get(0).getBody(), StandardCharsets.UTF_8));
        assertEquals(Map.of(), received.get(0).metrics());
        assertNull(received.get(0).getPosition());
    }

    @Test
    void jsonOfOthersIsUnderstoodToo() throws Exception {
        connected("payload.encoding", "simple-json");
        client.deliver("x",
                " { \"METRICS\" : { \"a\" : -1.5e2 , \"b\" : \"\\u00fc\\/\\t\" , \"c\" : 99999999999999999999 } } ");
        assertEquals(Map.of("a", -150.0, "b", "ü/\t", "c", 1e20), received.get(0).metrics());
        client.deliver("x", "{}");
        assertNull(received.get(1).getBody());
    }

    @Test
    void withoutAnEncodingBodiesAreSentAndReceivedAsTheyAre() throws Exception {
        connected();
        publish(full());
        assertArrayEquals(full().getBody(), client.sent.get(0).message.payload());
        client.deliver("x", "{\"metrics\":{}}");
        assertEquals("{\"metrics\":{}}", new String(received.get(0).getBody(), StandardCharsets.UTF_8));
    }

    // ---- protobuf ----

    @ParameterizedTest
    @CsvSource({ "true,gz5", "false,pb5" })
    void protobufIsEncodedAndDecodedByKurasOwnService(boolean gzip, String expected) throws Exception {
        endpoint.setEncoder(protobuf);
        endpoint.setDecoder(protobuf);
        connected("payload.encoding", "kura-protobuf", "encode.gzip", gzip);
        publish(metric(5));
        assertEquals(expected, sent(0));
        client.deliver("x", sent(0));
        assertEquals("5", received.get(0).getMetric("t"));
        client.deliver("x", "other");
        assertEquals("other", new String(received.get(1).getBody(), StandardCharsets.UTF_8));
    }

    @Test
    void withoutKurasServiceAMessageIsRejectedAndTheReasonNamesIt() throws Exception {
        connected("payload.encoding", "kura-protobuf");
        KuraException error = assertThrows(KuraException.class, () -> publish(metric(5)));
        assertEquals(KuraErrorCode.SERVICE_UNAVAILABLE, error.getCode());
        assertTrue(error.getMessage().contains("payload.encoding: kura-protobuf needs the service "
                + "CloudPayloadProtoBufEncoder"), error.getMessage());
        assertEquals(List.of(), client.sent);
        endpoint.setEncoder(protobuf);
        publish(metric(5));
        endpoint.unsetEncoder(protobuf);
        assertThrows(KuraException.class, () -> publish(metric(5)));
    }

    private Thread deliver(String text) throws InterruptedException {
        Thread listener = new Thread(() -> {
            try {
                client.deliver("x", text);
            } catch (Exception e) {
                failed.add(e);
            }
        });
        listener.start();
        for (int i = 0; i < 6000 && listener.getState() != Thread.State.WAITING; i++) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        assertEquals(Thread.State.WAITING, listener.getState());
        return listener;
    }

    @Test
    void withoutKurasServiceAMessageIsNotAcknowledgedUntilItCanBeRead() throws Exception {
        connected("payload.encoding", "kura-protobuf");
        Thread listener = deliver("pb7");
        endpoint.setDecoder(protobuf);
        listener.join();
        assertEquals("7", received.get(0).getMetric("t"));
        endpoint.unsetDecoder(protobuf);
        listener = deliver("pb8");
        set("payload.encoding", "raw");
        listener.join();
        assertEquals("pb8", new String(received.get(1).getBody(), StandardCharsets.UTF_8));
        assertEquals(List.of(), failed);
    }

    @Test
    void anEncodingThatThereIsNotChangesNothing() throws Exception {
        connected("payload.encoding", "simple-json");
        set("payload.encoding", "xml", "lifecycle.messages", true);
        publish(metric(5));
        assertEquals("{\"metrics\":{\"t\":5}}", sent(0));
        set("payload.encoding", "simple-json", "encode.gzip", "perhaps");
        publish(metric(6));
        assertEquals(2, client.sent.size());
    }

    // ---- lifecycle messages ----

    private void system() {
        endpoint.systemService = new SystemService() {
            @Override
            public String getPrimaryMacAddress() {
                return "";
            }

            @Override
            public String getKuraDataDirectory() {
                return "";
            }

            @Override
            public String getSerialNumber() {
                return "S1";
            }

            @Override
            public String getDeviceName() {
                return "gateway one";
            }

            @Override
            public String getModelId() {
                throw new NoSuchMethodError("of another Kura");
            }

            @Override
            public int getNumberOfProcessors() {
                return 4;
            }
        };
        endpoint.systemAdminService = () -> "1234";
    }

    @Test
    void eachConnectionBeginsWithABirthMessageAsKuraSendsIt() {
        system();
        connected("lifecycle.messages", true, "payload.encoding", "simple-json");
        client.up(); // the same one
        Message birth = client.sent.get(0).message;
        assertEquals(1, client.sent.size());
        assertEquals("$EDC/acme/gateway-1/MQTT/BIRTH", birth.topic());
        assertEquals(Qos.AT_MOST_ONCE, birth.qos());
        assertEquals(Message.LANE_ALARM, birth.lane());
        assertTrue(!birth.retain());
        KuraPayload payload = PayloadJsonReader.decode(birth.payload());
        assertEquals("gateway one", payload.getMetric("display_name"));
        assertEquals("1234", payload.getMetric("uptime"));
        assertEquals("S1", payload.getMetric("serial_number"));
        assertEquals("4", payload.getMetric("available_processors"));
        assertEquals("SIMPLE_JSON", payload.getMetric("payload_encoding"));
        assertNull(payload.getMetric("model_id"));
        assertTrue(payload.getMetric("connection_ip") instanceof String);
        assertTrue(payload.getTimestamp() != null);
        client.down();
        client.up();
        assertEquals(2, client.sent.size());
        set("topic.control-prefix", "$CTL"); // Kura announces another configuration too
        assertEquals("$CTL/acme/gateway-1/MQTT/BIRTH", client.sent.get(2).message.topic());
    }

    @Test
    void aBirthMessageWaitsForKurasEncoder() {
        connected("lifecycle.messages", true, "payload.encoding", "kura-protobuf");
        assertEquals(List.of(), client.sent);
        endpoint.setEncoder(protobuf);
        assertEquals(List.of("$EDC/acme/gateway-1/MQTT/BIRTH"), client.topics());
        endpoint.setEncoder(protobuf);
        assertEquals(1, client.sent.size());
    }

    @Test
    void disconnectPublishesTheDisconnectMessageBeforeItEndsTheConnection() throws Exception {
        system();
        connected("lifecycle.messages", true);
        endpoint.disconnect();
        Message last = client.sent.get(1).message;
        assertEquals("$EDC/acme/gateway-1/MQTT/DC", last.topic());
        assertEquals(Map.of("uptime", "1234", "display_name", "gateway one"),
                PayloadJsonReader.decode(last.payload()).metrics());
        assertTrue(!client.calls.contains("disconnect"));
        client.sent.get(1).end(Outcome.Kind.DELIVERED);
        assertTrue(client.calls.contains("disconnect"));
    }

    @Test
    void aDisconnectMessageThatDoesNotLeaveHoldsNothingUp() throws Exception {
        connected("lifecycle.messages", true);
        endpoint.disconnect();
        for (int i = 0; i < 6000 && !client.calls.contains("disconnect"); i++) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        assertTrue(client.calls.contains("disconnect"));
    }

    @Test
    void whoConnectsWhileTheDisconnectMessageLeavesStaysConnected() throws Exception {
        connected("lifecycle.messages", true);
        endpoint.disconnect();
        endpoint.connect();
        client.sent.get(1).end(Outcome.Kind.DELIVERED);
        assertTrue(!client.calls.contains("disconnect"));
    }

    @Test
    void withoutTheOptionNothingIsPublishedByItself() throws Exception {
        connected();
        endpoint.disconnect();
        assertEquals(List.of(), client.sent);
        assertTrue(client.calls.contains("disconnect"));
    }

    @Test
    void aBirthMessageThatCannotBePublishedIsNoReasonToFail() {
        client.rejects = RejectedException.Reason.OFFLINE;
        connected("lifecycle.messages", true, "topic.control-prefix", "a/#");
        assertTrue(endpoint.isConnected());
    }
}
