package mqtt.resilient.impl.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** Requests and answers, with MQTT 5 by properties and with 3.1.1 by topics. */
class RequestTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(9);

    /** The client as one user has it. */
    private static ClientHandle user(World world) {
        Host host = (Host) Proxy.newProxyInstance(RequestTest.class.getClassLoader(), new Class<?>[] { Host.class },
                (self, method, arguments) -> "a listener");
        return new ClientHandle(world.client, "test", "a test", host, world.environment);
    }

    private static CompletionStage<ReceivedMessage> request(World world, ClientHandle requests, String payload) {
        CompletionStage<ReceivedMessage> answer = requests.request(Message.to("do").payload(payload).build(), TIMEOUT);
        world.scheduler.run();
        return answer;
    }

    private static String text(ReceivedMessage message) {
        return new String(message.payload(), StandardCharsets.UTF_8);
    }

    @Test
    void manyRequestsWaitAtOnceForTheirOwnAnswers() {
        World world = World.connected();
        ClientHandle requests = user(world);
        var one = request(world, requests, "1");
        world.broker.expects("SUBSCRIBE id=1 do/reply/c/+:1").expectsNothing().sends("SUBACK id=1 1");
        var two = request(world, requests, "2");
        String[] first = world.broker.take("PUBLISH q1").get(0).split(" ");
        assertFalse(world.isDone(two));
        world.client.publisher().publish(Message.to("other").build());
        String[] second = {};
        world.broker.sends("PUBACK id=2");
        var three = request(world, requests, "3");
        var sent = world.broker.take("PUBLISH q1");
        second = sent.get(sent.size() - 1).split(" ");
        world.broker.sends("PUBLISH q1 id=9 " + second[3].replace("request", "reply") + " three",
                "PUBLISH q1 id=10 " + first[3].replace("request", "reply") + " one");
        assertEquals("one", text(world.now(one)));
        assertEquals("three", text(world.now(three)));
        assertFalse(world.isDone(two));
    }

    @Test
    void withFiveTheAnswerIsFoundByItsCorrelationData() {
        World world = World.connectedWithFive("CONNACK {26=answers}");
        ClientHandle requests = user(world);
        var answer = request(world, requests, "1");
        world.broker.expects("SUBSCRIBE id=1 answers/c:1").sends("SUBACK id=1 1");
        String request = world.broker.take("PUBLISH q1").get(0);
        String data = request.replaceAll("(?s).* 9=(.{1,8})} do 1", "$1");
        assertEquals("PUBLISH q1 id=2 {2=9 8=answers/c 9=" + data + "} do 1", request);
        world.broker.sends("PUBLISH q1 id=9 answers/c stray");
        assertFalse(world.isDone(answer));
    }

    @Test
    void aRequestFromBeforeTheFirstConnectionGoesOutAsTheVersionOfThatWants() {
        World world = World.five("client.id", "");
        ClientHandle requests = user(world);
        CompletionStage<ReceivedMessage> first = request(world, requests, "one");
        CompletionStage<ReceivedMessage> second = request(world, requests, "two");
        world.broker.expects("CONNECT clean id= *").sends("CONNACK {18=given}")
                .expects("SUBSCRIBE id=1 mqtt/resilient/reply/given:1")
                .sends("SUBACK id=1 1");
        List<String> sent = world.broker.take("PUBLISH");
        assertTrue(sent.get(0).endsWith("one") && sent.get(1).endsWith("two"), sent.toString());
    }

    @Test
    void requestsThatWaitAreBounded() {
        World world = World.five();
        ClientHandle requests = user(world);
        CompletionStage<ReceivedMessage> last = null;
        for (int i = 0; i <= 10_000; i++) {
            last = requests.request(Message.to("t").build(), Duration.ofSeconds(1000));
        }
        world.state();
        CompletionException error = assertThrows(CompletionException.class, last.toCompletableFuture()::join);
        assertTrue(error.getCause().getMessage().startsWith("10000 requests"), error.toString());
    }

    @Test
    void theBytesOfRequestsThatWaitAreBoundedWhereTheyAreMade() { // the loop does not run meanwhile
        World world = new World();
        ClientHandle requests = user(world);
        Message large = Message.to("t").payload(new byte[1_000_000]).build();
        List<CompletionStage<ReceivedMessage>> all = new ArrayList<>();
        while (all.size() < 100 && (all.isEmpty() || !all.get(all.size() - 1).toCompletableFuture().isDone())) {
            all.add(requests.request(large, Duration.ofSeconds(10)));
        }
        assertEquals(17, all.size());
        world.scheduler.advance(Duration.ofSeconds(11));
        assertFalse(requests.request(large, Duration.ofSeconds(10)).toCompletableFuture().isDone(),
                "those before have ended");
    }

    @Test
    void aRequestWithoutAnAnswerEndsInTime() {
        World world = World.connected();
        var answer = request(world, user(world), "1");
        world.broker.expects("SUBSCRIBE *").sends("SUBACK id=1 1").expects("PUBLISH *").sends("PUBACK id=2")
                .idles(TIMEOUT.plusSeconds(1));
        CompletionException error = assertThrows(CompletionException.class, () -> world.now(answer));
        assertInstanceOf(TimeoutException.class, error.getCause());
    }

    @Test
    void aRequestWhoseAnswerCannotComeIsNotSent() {
        World world = World.connected();
        ClientHandle requests = user(world);
        var refused = request(world, requests, "1");
        world.broker.expects("SUBSCRIBE *").sends("SUBACK id=1 128").expectsNothing();
        assertInstanceOf(IllegalStateException.class,
                assertThrows(CompletionException.class, () -> world.now(refused)).getCause());
        var late = requests.request(Message.to("do").build(), TIMEOUT);
        requests.release();
        assertInstanceOf(IllegalStateException.class,
                assertThrows(CompletionException.class, () -> world.now(late)).getCause());
        assertThrows(IllegalStateException.class, () -> request(world, requests, "1"));
    }

    @Test
    void aResponderAnswersBothKindsAndNothingElse() {
        World world = World.connectedWithFive("CONNACK");
        user(world).respond("do/#", SubscribeOptions.qos(Qos.AT_LEAST_ONCE),
                request -> text(request).equals("secret") ? null
                        : ("re: " + text(request)).getBytes(StandardCharsets.UTF_8));
        world.broker.expects("SUBSCRIBE *").sends("SUBACK id=1 1", "PUBLISH q1 id=1 {2=30 8=me 9=cc} do a")
                .expects("PUBACK id=1", "PUBLISH q1 id=2 {2=30 9=cc} me re: a")
                .sends("PUBLISH q0 do/request/other/77 b").expects("PUBLISH q0 do/reply/other/77 re: b")
                .sends("PUBLISH q0 do/reply/other/77 x", "PUBLISH q0 do y", "PUBLISH q0 do/request/other/78 secret")
                .expectsNothing();
        assertArrayEquals(new int[] { 0 }, new int[] { (int) world.client.metrics().listenerFailures() });
    }

    @Test
    void aResponseInformationThatIsNoTopicFailsTheRequest() {
        World world = World.connectedWithFive("CONNACK {26=answers/#}");
        ClientHandle requests = user(world);
        var answer = requests.request(Message.to("t").build(), Duration.ofSeconds(100));
        world.scheduler.run();
        assertTrue(world.isDone(answer));
    }

    @Test
    void aTopicThatIsTooLongForTheConventionFailsTheRequest() {
        World world = World.connected();
        ClientHandle requests = user(world);
        var answer = requests.request(Message.to("t".repeat(65_530)).build(), Duration.ofSeconds(100));
        world.scheduler.run();
        assertTrue(world.isDone(answer));
    }

    @Test
    void theFilterOfTheAnswersIsUnsubscribedAtOnceWhenTheServiceIsReleased() { // no listener of it comes back
        World world = World.connected("listener.grace.seconds", 300);
        ClientHandle requests = user(world);
        request(world, requests, "1");
        world.broker.expects("SUBSCRIBE *").sends("SUBACK id=1 1").expects("PUBLISH *").sends("PUBACK id=2");
        requests.release();
        world.broker.expects("UNSUBSCRIBE id=3 do/reply/c/+");
    }
}
