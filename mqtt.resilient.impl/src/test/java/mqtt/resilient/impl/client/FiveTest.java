package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.MessageProperties;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ReceivedMessage;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.api.Subscription;
import mqtt.resilient.api.UserProperty;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.World;
import mqtt.resilient.spi.packet.Subscribe;
import org.junit.jupiter.api.Test;

/** One session, another version: what MQTT 5 adds to connections, messages, acknowledgements and subscriptions. */
class FiveTest {
    private static final String OPTIONS = "{17=604800 33=100 39=1048576 34=32 25=1}";

    private static World connected(String connack) {
        return World.connectedWithFive(connack);
    }

    // ---- connecting -----------------------------------------------------------------------------------------------

    @Test
    void aNewSessionThatLastsBeginsWithOneConnection() {
        World world = World.five();
        world.broker.expects("CONNECT clean id=c keepalive=60 " + OPTIONS).sends("CONNACK");
        assertEquals(ConnectionState.ONLINE, world.state());
        assertEquals("5", world.client.status().protocol());
        world.broker.networkBreaks().awaitsClient().expects("CONNECT id=c keepalive=60 " + OPTIONS)
                .sends("CONNACK session-present");
        assertTrue(world.client.status().sessionPresent());
    }

    @Test
    void whatTheBrokerGrantedIsInTheStatus() {
        World world = connected(
                "CONNACK {17=100 33=20 36=1 37=0 39=5000 34=10 40=0 41=0 42=0 19=30 26=answers 31=hello 38=a:b"
                        + " 38=a:c}");
        assertEquals(
                new BrokerLimits(100, 20, Qos.AT_LEAST_ONCE, false, 5000, 10, false, false, false, 30, "", "answers",
                        "hello", List.of(new UserProperty("a", "b"), new UserProperty("a", "c"))),
                world.client.status().limits());
    }

    @Test
    void theClientPingsByTheKeepaliveOfTheBroker() {
        World world = connected("CONNACK {19=8}");
        world.broker.after(Duration.ofSeconds(1)).expectsNothing().after(Duration.ofSeconds(1)).expects("PINGREQ");
    }

    @Test
    void aClientIdThatTheBrokerGaveIsKept() {
        World world = World.five("client.id", "");
        world.broker.expects("CONNECT clean id= *").sends("CONNACK {18=given}");
        assertEquals("given", world.client.status().clientId());
        world.broker.networkBreaks().awaitsClient().expects("CONNECT id=given *").sends("CONNACK session-present");
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void theWillCarriesItsPropertiesAndItsDelay() {
        World world = World.five("will.topic", "will", "will.payload", "gone", "will.payload.format", "text",
                "will.expiry.seconds", 90, "will.delay.seconds", 5, "will.content.type", "text/plain",
                "will.response.topic", "answer", "will.correlation", "c",
                "will.user.properties", List.of("a=b", "a=c"), "connect.user.properties", "site=7", "inflight.max", 10);
        world.broker.expects(
                "CONNECT clean id=c keepalive=60 {17=604800 33=10 39=1048576 34=32 25=1 38=site:7} will=will,gone,q1"
                        + " {24=5 2=90 1=1 3=text/plain 8=answer 9=c 38=a:b 38=a:c}");
    }

    @Test
    void anotherSessionExpiryIsToldWithTheDisconnect() {
        World world = connected("CONNACK");
        world.client.configure("test", World.fiveSettings("session.expiry.seconds", 60));
        world.client.connector().disconnect();
        world.broker.expects("DISCONNECT {17=60}");
    }

    @Test
    void theWillIsPublishedOnAStopOnlyWhereThatIsWanted() {
        for (boolean wanted : new boolean[] { false, true }) {
            World world = World.five("will.topic", "w", "will.on.stop", wanted);
            world.broker.expects("CONNECT *").sends("CONNACK");
            world.client.stop();
            world.broker.expects(wanted ? "DISCONNECT code=4" : "DISCONNECT");
            World basic = World.connected("will.topic", "w", "will.on.stop", wanted);
            basic.client.stop();
            basic.broker.expects(wanted ? new String[0] : new String[] { "DISCONNECT" }).expectsNothing();
        }
    }

    // ---- messages -------------------------------------------------------------------------------------------------

    @Test
    void propertiesTravelBothWaysInOrder() {
        World world = connected("CONNACK");
        world.publish(Message.to("out").payload("x").properties(MessageProperties.builder().text(true).contentType("t")
                .responseTopic("answer").correlationData(new byte[] { 'c' }).userProperty("a", "1")
                .userProperty("a", "0")
                .build()).build());
        world.broker.expects("PUBLISH q1 id=1 {1=1 3=t 8=answer 9=c 38=a:1 38=a:0} out x");

        List<ReceivedMessage> received = new ArrayList<>();
        world.subscribe("in", 1, received::add);
        world.broker.expects("SUBSCRIBE *")
                .sends("SUBACK id=2 1", "PUBLISH q1 id=9 {1=1 2=77 3=t 8=r 9=c 38=b:2 38=a:1 11=4"
                        + " 11=5} in y")
                .expects("PUBACK id=9");
        ReceivedMessage message = received.get(0);
        assertEquals(77, message.expirySeconds());
        assertEquals(List.of(4, 5), message.subscriptionIdentifiers());
        assertEquals(MessageProperties.builder().text(true).contentType("t").responseTopic("r")
                .correlationData(new byte[] { 'c' }).userProperty("b", "2").userProperty("a", "1").build(),
                message.properties());
    }

    @Test
    void theBrokerIsToldWhatIsLeftOfTheTimeOfAMessage() {
        World world = connected("CONNACK");
        world.broker.isReachable(false).networkBreaks();
        world.publish(Message.to("t").payload("x").expiresAfter(Duration.ofSeconds(1000)).build());
        world.broker.after(Duration.ofSeconds(600)).isReachable(true).acceptsAgain(true);
        long left = world.client.status().since().toEpochMilli(); // connected within a minute of back-off
        String packet = world.broker.take("PUBLISH").get(0);
        int seconds = Integer.parseInt(packet.replaceAll(".*2=([0-9]+).*", "$1"));
        assertTrue(seconds >= 330 && seconds <= 400, packet + left);
    }

    @Test
    void aMessageThatIsSentAtOnceHasAllOfItsTimeAndNeverNone() {
        World world = connected("CONNACK");
        for (String each : List.of("60000 60", "1000 1", "1500 1", "200 1")) {
            world.publish(Message.to("t").qos(Qos.AT_MOST_ONCE)
                    .expiresAfter(Duration.ofMillis(Long.parseLong(each.split(" ")[0]))).build());
            world.broker.expects("PUBLISH q0 {2=" + each.split(" ")[1] + "} t ");
        }
        world.publish(Message.to("t").expiresAfter(Duration.ofNanos(Long.MAX_VALUE)).build());
        world.broker.expects("PUBLISH q1 id=1 {2=4294967295} t ").sends("PUBACK id=1");
    }

    @Test
    void aMessageThatHasWaitedHasWhatIsLeftRoundedUp() {
        World world = World.five("inflight.max", 1);
        world.broker.expects("CONNECT clean *").sends("CONNACK");
        world.publish("t", "before");
        world.publish(Message.to("t").expiresAfter(Duration.ofSeconds(60)).build());
        world.publish(Message.to("t").expiresAfter(Duration.ofSeconds(2)).build());
        world.broker.expects("PUBLISH q1 id=1 t before").after(Duration.ofMillis(1200)).sends("PUBACK id=1")
                .expects("PUBLISH q1 id=2 {2=59} t ").sends("PUBACK id=2").expects("PUBLISH q1 id=3 {2=1} t ");
    }

    /** MQTT 5 section 2.4: what refuses never ends as delivered, whatever packet it comes in. */
    @Test
    void deliveredNeverHasACodeThatRefuses() {
        for (boolean resumed : new boolean[] { false, true }) {
            for (String type : List.of("PUBACK", "PUBREC", "PUBCOMP")) {
                for (int code = 0; code <= 0xFF; code++) {
                    World world = connected("CONNACK");
                    Publication message = world.publish("t", "x", type.equals("PUBACK") ? 1 : 2);
                    var end = message.delivered();
                    world.broker.expects("PUBLISH *");
                    if (type.equals("PUBCOMP")) {
                        world.broker.sends("PUBREC id=1").expects("PUBREL id=1");
                    }
                    if (resumed) {
                        world.broker.networkBreaks().awaitsClient().expects("CONNECT *")
                                .sends("CONNACK session-present")
                                .expects(type.equals("PUBCOMP") ? "PUBREL id=1" : "PUBLISH dup *");
                    }
                    world.broker.sends(type + " id=1 code=" + code);
                    if (world.broker.isConnected() && world.broker.take("PUBREL").contains("PUBREL id=1")) {
                        world.broker.sends("PUBCOMP id=1 code=146");
                    }
                    if (world.isDone(end)) {
                        Outcome outcome = world.now(end);
                        boolean refuses = outcome.reasonCode() >= 0x80;
                        assertEquals(refuses ? Outcome.Kind.REFUSED : Outcome.Kind.DELIVERED, outcome.kind(),
                                type + " " + code + " " + outcome);
                        assertEquals(outcome.kind() == Outcome.Kind.REFUSED, code >= 0x80 && !type.equals("PUBCOMP"),
                                type + " " + code + " " + outcome);
                    }
                }
            }
        }
    }

    @Test
    void aRefusedMessageEndsWithTheCodeAndTheWordsOfTheBroker() {
        World world = connected("CONNACK");
        Publication refused = world.publish("t", "x");
        var end = refused.delivered();
        world.broker.expects("PUBLISH *").sends("PUBACK id=1 code=135 {31=no 38=b:1 38=a:2 38=b:3}");
        assertEquals(new Outcome(Outcome.Kind.REFUSED, 135, "no",
                List.of(new UserProperty("b", "1"), new UserProperty("a", "2"),
                        new UserProperty("b", "3"))),
                world.now(end));
        Publication second = world.publish("t", "x", 2);
        var secondEnd = second.delivered();
        world.broker.expects("PUBLISH q2 *").sends("PUBREC id=2 code=144");
        assertEquals(new Outcome(Outcome.Kind.REFUSED, 144, "topic name invalid"), world.now(secondEnd));
        assertEquals(0, world.client.metrics().pending());
    }

    @Test
    void codesOfSuccessReachTheCallerToo() {
        World world = connected("CONNACK");
        var one = world.publish("t", "x").delivered();
        var two = world.publish("t", "x", 2).delivered();
        world.broker.expects("PUBLISH *", "PUBLISH *").sends("PUBACK id=1 code=16", "PUBREC id=2 code=16")
                .expects("PUBREL id=2").sends("PUBCOMP id=2");
        assertEquals(new Outcome(Outcome.Kind.DELIVERED, 16, ""), world.now(one));
        assertEquals(new Outcome(Outcome.Kind.DELIVERED, 16, ""), world.now(two));
    }

    @Test
    void whatTheBrokerHasNoRoomForComesAgainLaterOnTheSameConnection() {
        World world = connected("CONNACK");
        Publication message = world.publish("t", "x");
        world.broker.expects("PUBLISH q1 id=1 t x").sends("PUBACK id=1 code=151").idles(Duration.ofSeconds(25))
                .expectsNothing().idles(Duration.ofSeconds(8)).expects("PUBLISH q1 id=1 t x").sends("PUBACK id=1");
        assertEquals(Outcome.Kind.DELIVERED, world.outcome(message));
    }

    @Test
    void noMoreIsSentThanTheBrokerTakesAtOnce() {
        World world = connected("CONNACK {33=4}");
        for (int i = 0; i < 5; i++) {
            world.publish("t", "" + i, 1 + i % 2);
        }
        world.broker.expects("PUBLISH q1 id=1 t 0", "PUBLISH q2 id=2 t 1", "PUBLISH q1 id=3 t 2") // one is for alarms
                .expectsNothing();
        world.publish(Message.to("t").payload("alarm").lane(0).build());
        world.broker.expects("PUBLISH q1 id=4 t alarm").expectsNothing();
        world.broker.sends("PUBREC id=2").expects("PUBREL id=2").expectsNothing().sends("PUBCOMP id=2")
                .expects("PUBLISH q2 id=5 t 3").expectsNothing();
    }

    @Test
    void aMessageThatIsTooLargeForTheBrokerIsRejectedAndTheRestGoesOn() {
        World world = connected("CONNACK {39=100}");
        var end = world.publish("t", "x".repeat(100)).delivered();
        world.publish("t", "small");
        world.broker.expects("PUBLISH q1 id=1 t small").expectsNothing();
        assertEquals(Outcome.Kind.REFUSED, world.now(end).kind());
        assertEquals(0x95, world.now(end).reasonCode());
        assertEquals("message: 108 bytes as a packet; the broker allows 100", world.now(end).reason());
    }

    @Test
    void whatWasInFlightAndIsTooLargeNowIsRejectedAsWell() {
        World world = connected("CONNACK");
        Publication message = world.publish("t", "x".repeat(100), 2);
        world.broker.expects("PUBLISH q2 *").networkBreaks().awaitsClient().expects("CONNECT *")
                .sends("CONNACK session-present {39=100}").expects("PUBREL id=1");
        assertEquals(Outcome.Kind.REFUSED, world.outcome(message));
        assertEquals(0, world.client.metrics().inFlight());
    }

    @Test
    void aMessageAboveTheMaximumQosIsSentWithItAndSaysSo() {
        World world = connected("CONNACK {36=1 37=0}");
        Publication message = world.publish(Message.to("t").payload("x").qos(Qos.EXACTLY_ONCE).retain(true).build());
        var end = message.delivered();
        world.broker.expects("PUBLISH q1 id=1 t x").sends("PUBACK id=1");
        assertEquals(
                new Outcome(Outcome.Kind.DELIVERED, 0, "sent with QoS 1 and not retained: the broker allows no more"),
                world.now(end));
    }

    @Test
    void aBrokerThatTakesOnlyQos0GetsStoredMessagesWithQos0() {
        World world = connected("CONNACK {36=0}");
        var end = world.publish("t", "x", 2).delivered();
        world.broker.expects("PUBLISH q0 t x");
        assertEquals("sent with QoS 0: the broker allows no more", world.now(end).reason());
        world.broker.takesBytes(5);
        Publication second = world.publish("t", "y");
        world.broker.networkBreaks().takesBytes(Integer.MAX_VALUE);
        assertEquals(Outcome.Kind.PENDING, world.outcome(second));
        world.broker.awaitsClient().expects("CONNECT *").sends("CONNACK session-present {36=0}")
                .expects("PUBLISH q0 t y");
        assertEquals(Outcome.Kind.DELIVERED, world.outcome(second));
    }

    @Test
    void whatWasLoweredForOneBrokerIsWholeAgainAtTheNext() {
        World world = connected("CONNACK {36=0 37=0}");
        world.broker.takesBytes(5);
        Publication first = world.publish(Message.to("t").payload("x").qos(Qos.EXACTLY_ONCE).retain(true).build());
        Publication second = world.publish("t", "y");
        world.broker.networkBreaks().takesBytes(Integer.MAX_VALUE).awaitsClient().expects("CONNECT *").sends("CONNACK")
                .expects("PUBLISH retain q2 id=1 t x", "PUBLISH q1 id=2 t y").sends("PUBACK id=2", "PUBREC id=1")
                .expects("PUBREL id=1").sends("PUBCOMP id=1");
        assertEquals(Outcome.Kind.DELIVERED, world.outcome(first));
        assertEquals(Outcome.Kind.DELIVERED, world.outcome(second));
    }

    @Test
    void whatABrokerMayHoldWithQos2AndTakesNoMoreGoesOutWithQos1UnderAnotherId() {
        World world = connected("CONNACK");
        var end = world.publish("t", "x", 2).delivered();
        world.broker.expects("PUBLISH q2 id=1 t x").networkBreaks().awaitsClient().expects("CONNECT *")
                .sends("CONNACK session-present {36=1}").expects("PUBREL id=1", "PUBLISH q1 id=2 t x")
                .sends("PUBCOMP id=1 code=146", "PUBACK id=2");
        assertEquals("sent with QoS 1: the broker allows no more", world.now(end).reason());
    }

    @Test
    void anyNumberOfMessagesIsGivenUpWithQos2AndNoneOfTheirIdsIsUsedAgainBeforeTheBrokerLetsGo() {
        World world = connected("CONNACK");
        List<Publication> all = IntStream.range(0, 12).mapToObj(i -> world.publish("t", "" + i, 2)).toList();
        for (int i = 0; i < 12; i++) {
            world.broker.expects("PUBLISH q2 id=" + (1 + i) + " t " + i);
        }
        world.broker.networkBreaks().awaitsClient().expects("CONNECT *").sends("CONNACK session-present {36=1}");
        for (int i = 0; i < 12; i++) {
            world.broker.expects("PUBREL id=" + (1 + i));
        }
        for (int i = 0; i < 12; i++) {
            world.broker.expects("PUBLISH q1 id=" + (13 + i) + " t " + i).sends("PUBACK id=" + (13 + i));
        }
        all.forEach(each -> assertEquals(Outcome.Kind.DELIVERED, world.outcome(each)));
        for (int i = 25; i < 128; i++) {
            world.publish("t", "y");
            world.broker.expects("PUBLISH q1 id=" + i + " t y").sends("PUBACK id=" + i);
        }
        world.publish("t", "z");
        world.broker.expects("PUBLISH q1 id=13 t z"); // 1 to 12 are not free
    }

    @Test
    void aPacketIdThatTheBrokerHoldsInUseIsLetGoAndTheMessageGetsAnother() {
        World world = connected("CONNACK");
        var one = world.publish("t", "x", 1).delivered();
        var two = world.publish("t", "y", 2).delivered();
        world.broker.expects("PUBLISH q1 id=1 t x", "PUBLISH q2 id=2 t y")
                .sends("PUBACK id=1 code=145", "PUBREC id=2 code=145")
                .expects("PUBREL id=1", "PUBREL id=2").sends("PUBCOMP id=1", "PUBCOMP id=2 code=146")
                .idles(Duration.ofSeconds(31))
                .expects("PUBLISH q1 id=3 t x", "PUBLISH q2 id=4 t y").sends("PUBACK id=3", "PUBREC id=4")
                .expects("PUBREL id=4").sends("PUBCOMP id=4");
        assertEquals(Outcome.Kind.DELIVERED, world.now(one).kind());
        assertEquals(Outcome.Kind.DELIVERED, world.now(two).kind());
    }

    @Test
    void aBrokerThatStaysFullIsAskedLessAndLessWhateverElseItTakes() {
        World world = connected("CONNACK");
        world.publish("full", "x");
        world.broker.expects("PUBLISH q1 id=1 full x").sends("PUBACK id=1 code=151");
        world.publish("t", "y");
        world.broker.expects("PUBLISH q1 id=2 t y").sends("PUBACK id=2").idles(Duration.ofSeconds(31))
                .expects("PUBLISH q1 id=1 full x")
                .sends("PUBACK id=1 code=151");
        world.publish("t", "z");
        world.broker.expects("PUBLISH q1 id=3 t z").sends("PUBACK id=3").idles(Duration.ofSeconds(55)).expectsNothing()
                .idles(Duration.ofSeconds(8)).expects("PUBLISH q1 id=1 full x");
    }

    @Test
    void strictMeansThatNothingIsSentWithLess() {
        World world = World.five("qos.strict", true);
        world.broker.expects("CONNECT *").sends("CONNACK {36=1 37=0}");
        var qos = world.publish("t", "x", 2).delivered();
        var retain = world.publish(Message.to("t").retain(true).build()).delivered();
        assertEquals(0x9B, world.now(qos).reasonCode());
        assertEquals(0x9A, world.now(retain).reasonCode());
        world.broker.expectsNothing();
    }

    @Test
    void aTopicThatIsUsedOftenGoesAsAnAlias() {
        World world = connected("CONNACK {34=5}");
        for (int i = 0; i < 4; i++) {
            world.publish("plant/a", "" + i, 0);
        }
        world.broker.expects("PUBLISH q0 plant/a 0", "PUBLISH q0 {35=1} plant/a 1", "PUBLISH q0 {35=1} ~ 2",
                "PUBLISH q0 {35=1} ~ 3").networkBreaks().acceptsAgain(true);
        world.publish("plant/a", "4", 0);
        world.broker.expects("PUBLISH q0 plant/a 4");
    }

    @Test
    void whatWasSentWithAnAliasIsRepeatedWithItsTopic() { // paho.mqtt.java#1104
        World world = connected("CONNACK {34=5}");
        for (int i = 0; i < 3; i++) {
            world.publish("plant/a", "" + i);
        }
        world.broker
                .expects("PUBLISH q1 id=1 plant/a 0", "PUBLISH q1 id=2 {35=1} plant/a 1", "PUBLISH q1 id=3 {35=1} ~ 2")
                .networkBreaks().acceptsAgain(true)
                .expects("PUBLISH dup q1 id=1 plant/a 0", "PUBLISH dup q1 id=2 plant/a 1",
                        "PUBLISH dup q1 id=3 plant/a 2")
                .expectsNothing();
    }

    @Test
    void aliasesOfTheBrokerAreUnderstood() {
        World world = connected("CONNACK");
        List<String> topics = new ArrayList<>();
        world.subscribe("#", 0, message -> topics.add(message.topic()));
        world.broker.expects("SUBSCRIBE *").sends("SUBACK id=1 0", "PUBLISH q0 {35=7} a/b x", "PUBLISH q0 {35=7} ~ y",
                "PUBLISH q0 {35=7} c z", "PUBLISH q0 {35=7} ~ z");
        assertEquals(List.of("a/b", "a/b", "c", "c"), topics);
        world.broker.sends("PUBLISH q0 {35=8} ~ y").expects("DISCONNECT code=130");
        assertEquals(ConnectionState.WAITING, world.state());
    }

    @Test
    void theNextConnectionWaitsUntilTheBrokerThatIsToldItsErrorHasLetGo() {
        World world = connected("CONNACK");
        world.broker.holdsOn(true).sends("PUBLISH q0 {35=8} ~ y").expects("DISCONNECT code=130");
        assertEquals(ConnectionState.WAITING, world.state());
        world.broker.after(Duration.ofMillis(990));
        assertEquals(1, world.broker.connections());
        world.broker.awaitsClient().expects("CONNECT id=c *").sends("CONNACK session-present");
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void aBrokerThatSendsMoreAtOnceThanItMayIsBorne() {
        World world = World.five("inflight.max", 2);
        world.broker.expects("CONNECT clean id=c keepalive=60 {17=604800 33=2 *").sends("CONNACK");
        world.subscribe("#", 1, message -> {}, true);
        world.broker.expects("SUBSCRIBE *").sends("SUBACK id=1 1");
        for (int i = 1; i < 200; i++) {
            world.broker.sends("PUBLISH q1 id=" + i + " a x");
        }
        assertEquals(ConnectionState.ONLINE, world.state());
    }

    @Test
    void anUnknownPacketIdIsAnsweredWithThatCode() {
        World world = connected("CONNACK");
        world.broker.sends("PUBREL id=9").expects("PUBCOMP id=9 code=146").sends("PUBREC id=5")
                .expects("PUBREL id=5 code=146").sends("PUBCOMP id=5 code=146").expectsNothing();
    }

    // ---- subscriptions --------------------------------------------------------------------------------------------

    private static Subscription subscribe(World world, String filter, SubscribeOptions options) {
        Subscription subscription = world.client.subscriber().subscribe(filter, Subscribe.Request.encode(options),
                options.userProperties(),
                world.client.subscriber().queue(message -> {}, "listener", false));
        world.scheduler.run();
        return subscription;
    }

    @Test
    void theOptionsOfASubscriptionReachTheBroker() {
        World world = connected("CONNACK");
        subscribe(world, "a", SubscribeOptions.qos(Qos.EXACTLY_ONCE).withoutLocal().retainedAsPublished()
                .retained(SubscribeOptions.RetainHandling.NEVER).identifiedBy(300));
        world.broker.expects("SUBSCRIBE id=1 {11=300} a:" + (2 | 4 | 8 | 2 << 4)).sends("SUBACK id=1 2");
        subscribe(world, "a", SubscribeOptions.qos(Qos.AT_MOST_ONCE).identifiedBy(7));
        world.broker.expects("SUBSCRIBE id=2 {11=300} a:" + (2 | 8)); // what serves both
    }

    @Test
    void onePacketHasOneIdentifier() {
        World world = connected("CONNACK");
        world.client.connector().disconnect();
        world.broker.expects("DISCONNECT");
        subscribe(world, "a", SubscribeOptions.qos(Qos.AT_LEAST_ONCE).identifiedBy(1));
        subscribe(world, "b", SubscribeOptions.qos(Qos.AT_LEAST_ONCE).identifiedBy(1));
        subscribe(world, "c", SubscribeOptions.qos(Qos.AT_LEAST_ONCE));
        world.client.connector().connect();
        world.broker.awaitsClient().accepts(true).expects("SUBSCRIBE id=1 {11=1} a:1 b:1", "SUBSCRIBE id=2 c:1");
    }

    @Test
    void aSubscriptionCarriesItsUserPropertiesAlsoWhenItIsRenewed() {
        World world = connected("CONNACK");
        subscribe(world, "a", SubscribeOptions.qos(Qos.AT_LEAST_ONCE).userProperty("b", "1").userProperty("a", "2"));
        world.broker.expects("SUBSCRIBE id=1 {38=b:1 38=a:2} a:1").sends("SUBACK id=1 1");
        world.client.connector().disconnect();
        world.broker.take("DISCONNECT");
        subscribe(world, "b", SubscribeOptions.qos(Qos.AT_LEAST_ONCE).userProperty("b", "1").userProperty("a", "2"));
        subscribe(world, "c", SubscribeOptions.qos(Qos.AT_LEAST_ONCE));
        world.client.connector().connect();
        world.broker.awaitsClient().expects("CONNECT *").sends("CONNACK").expects(
                "SUBSCRIBE id=2 {38=b:1 38=a:2} a:1 b:1",
                "SUBSCRIBE id=3 c:1");
    }

    @Test
    void whoOnlyLooksOnAtAFilterOfAnotherNeitherSubscribesAnewNorTakesItsUserProperties() {
        World world = connected("CONNACK");
        SubscribeOptions onlooker = SubscribeOptions.qos(Qos.AT_MOST_ONCE)
                .retained(SubscribeOptions.RetainHandling.NEVER);
        subscribe(world, "a", SubscribeOptions.qos(Qos.AT_LEAST_ONCE).userProperty("a", "1"));
        Subscription early = subscribe(world, "a", onlooker);
        world.broker.expects("SUBSCRIBE id=1 {38=a:1} a:1").sends("SUBACK id=1 1");
        Subscription late = subscribe(world, "a", onlooker);
        world.broker.expectsNothing();
        assertEquals(1, early.granted().code());
        assertEquals(1, world.now(late.result()).code());
        world.broker.networkBreaks();
        world.broker.awaitsClient().expects("CONNECT *").sends("CONNACK").expects("SUBSCRIBE id=2 {38=a:1} a:1");
    }

    @Test
    void theWordsOfARefusedSubscriptionReachTheCaller() {
        World world = connected("CONNACK");
        Subscription subscription = subscribe(world, "a", SubscribeOptions.qos(Qos.AT_LEAST_ONCE));
        world.broker.expects("SUBSCRIBE *").sends("SUBACK id=1 {31=secret 38=a:b} 135").expectsNothing();
        assertEquals(new Subscription.Grant(135, "secret", List.of(new UserProperty("a", "b"))),
                subscription.granted());
    }

    @Test
    void aFilterThatTheBrokerDoesNotTakeIsNotSent() {
        World world = connected("CONNACK {40=0 41=0 42=0}");
        assertEquals(0xA2, subscribe(world, "a/#", SubscribeOptions.qos(Qos.AT_LEAST_ONCE)).granted().code());
        assertEquals(0x9E, subscribe(world, "$share/g/a", SubscribeOptions.qos(Qos.AT_LEAST_ONCE)).granted().code());
        world.broker.expectsNothing();
        subscribe(world, "a", SubscribeOptions.qos(Qos.AT_LEAST_ONCE).identifiedBy(5));
        world.broker.expects("SUBSCRIBE id=1 a:1");
    }

    @Test
    void aSubscribeIsNoLargerThanTheBrokerTakes() {
        World world = connected("CONNACK");
        world.client.connector().disconnect();
        world.broker.expects("DISCONNECT");
        String one = "a".repeat(17);
        String other = "b".repeat(17);
        subscribe(world, one, SubscribeOptions.qos(Qos.AT_LEAST_ONCE));
        Subscription large = subscribe(world, "c".repeat(22), SubscribeOptions.qos(Qos.AT_LEAST_ONCE));
        subscribe(world, other, SubscribeOptions.qos(Qos.AT_LEAST_ONCE));
        world.client.connector().connect();
        world.broker.awaitsClient().expects("CONNECT *").sends("CONNACK {39=40}")
                .expects("SUBSCRIBE id=1 " + one + ":1",
                        "SUBSCRIBE id=2 " + other + ":1")
                .expectsNothing();
        assertEquals(0x95, large.granted().code());
    }

    @Test
    void whatTheBrokerTakesNoMoreIsUnsubscribedAllTheSame() {
        World world = connected("CONNACK");
        Subscription subscription = subscribe(world, "a/#", SubscribeOptions.qos(Qos.AT_LEAST_ONCE));
        world.broker.expects("SUBSCRIBE *").sends("SUBACK id=1 1").networkBreaks();
        subscription.close();
        world.broker.awaitsClient().expects("CONNECT *").sends("CONNACK session-present {40=0}")
                .expects("UNSUBSCRIBE id=2 a/#").sends("UNSUBACK id=2 0").expectsNothing();
    }

    @Test
    void aRefusedUnsubscribeIsAskedForOnceOnEachConnection() {
        World world = connected("CONNACK");
        Subscription subscription = subscribe(world, "a", SubscribeOptions.qos(Qos.AT_LEAST_ONCE));
        world.broker.expects("SUBSCRIBE *").sends("SUBACK id=1 1");
        subscription.close();
        world.broker.expects("UNSUBSCRIBE id=2 a").sends("UNSUBACK id=2 135").expectsNothing().networkBreaks()
                .awaitsClient()
                .expects("CONNECT *").sends("CONNACK session-present").expects("UNSUBSCRIBE id=3 a")
                .sends("UNSUBACK id=3 0")
                .expectsNothing().networkBreaks().acceptsAgain(true).expectsNothing();
    }

    @Test
    void aSessionThatIsResumedAlthoughANewOneWasAskedForIsAProtocolError() {
        for (int expiry : new int[] { 0, 3600 }) {
            World world = World.five("session.expiry.seconds", expiry);
            world.broker.expects("CONNECT clean *").sends("CONNACK session-present");
            assertTrue(world.reason().contains("Clean Start [MQTT-3.2.2-4]"), world.reason());
            assertFalse(world.client.connector().isConnected());
            world.broker.take("DISCONNECT");
            world.broker.awaitsClient().expects("CONNECT clean *").sends("CONNACK");
            assertTrue(world.client.connector().isConnected());
        }
    }

    @Test
    void aMessageThatIsRefusedForNowGivesItsSlotOfTheReceiveMaximumBack() {
        for (int qos = 1; qos <= 2; qos++) {
            World world = World.connectedWithFive("CONNACK {33=1}");
            Publication first = world.publish("full", "1", qos);
            Publication second = world.publish("t", "2", qos);
            String answer = qos == 1 ? "PUBACK" : "PUBREC";
            world.broker.expects("PUBLISH q" + qos + " id=1 full 1").expectsNothing().sends(answer + " id=1 code=151")
                    .expects("PUBLISH q" + qos + " id=2 t 2").expectsNothing();
            world.broker.sends(answer + " id=2");
            if (qos == 2) {
                world.broker.expects("PUBREL id=2").sends("PUBCOMP id=2");
            }
            assertEquals(Outcome.Kind.DELIVERED, world.outcome(second));
            assertEquals(Outcome.Kind.PENDING, world.outcome(first));
            world.broker.idles(Duration.ofSeconds(31)).expects("PUBLISH q" + qos + " id=1 full 1");
        }
    }

    @Test
    void aSmallWindowIsUsedAsAWhole() {
        for (int window = 1; window <= 3; window++) {
            World world = World.connectedWithFive("CONNACK {33=" + window + "}");
            for (int i = 0; i < 5; i++) {
                world.publish("t", "" + i);
            }
            assertEquals(window, world.broker.take("PUBLISH").size());
        }
        World world = World.connectedWithFive("CONNACK {33=4}");
        for (int i = 0; i < 5; i++) {
            world.publish("t", "" + i);
        }
        assertEquals(3, world.broker.take("PUBLISH").size(), "one is kept for alarms");
    }

    // ---- the end of a connection ----------------------------------------------------------------------------------

    @Test
    void theReasonOfADisconnectIsInTheStatus() {
        World world = connected("CONNACK");
        world.broker.sends("DISCONNECT code=139 {31=update}");
        assertEquals("the broker disconnected: server shutting down (update)", world.reason());
        assertEquals(139, world.client.status().reasonCode());
        world.broker.acceptsAgain(true);
        assertEquals(0, world.client.status().reasonCode());
    }

    @Test
    void aRefusalThatSomebodyMustRemoveIsTriedAgainSeldom() {
        World world = World.five();
        world.broker.expects("CONNECT *").sends("CONNACK code=134");
        assertEquals("the broker refused: bad user name or password (tried 10.0.0.1:1883)", world.reason());
        assertTrue(world.takeEvents().contains("WAITING permanent"));
        assertTrue(world.client.status().nextAttempt().toSeconds() >= 29);
    }

    @Test
    void onlyACodeThatAMessageOrFilterCanCauseLeadsToAVerdict() {
        assertEquals(Outcome.Kind.DEAD_LETTERED, afterDisconnects(0x87));
        assertEquals(Outcome.Kind.PENDING, afterDisconnects(0x9F));
        assertEquals(Outcome.Kind.PENDING, afterDisconnects(0x8C));
        assertEquals(Outcome.Kind.PENDING, afterDisconnects(0x96));
    }

    private static Outcome.Kind afterDisconnects(int code) {
        World world = connected("CONNACK");
        Publication message = world.publish("t", "x");
        for (int i = 0; i < 300 && world.outcome(message) == Outcome.Kind.PENDING; i++) {
            world.publish("t", "good");
            if (world.broker.isConnected() && world.broker.answersUntil(packet -> packet.endsWith("t x"))) {
                world.broker.sends("DISCONNECT code=" + code);
            }
            world.broker.after(Duration.ofSeconds(1));
        }
        return world.outcome(message);
    }

    @Test
    void aConnectionThatEndsForOneMessageIsMadeAgainSoon() {
        for (int code : new int[] { 0x87, 0x9A, 0x9B }) {
            World world = connected("CONNACK");
            world.broker.sends("DISCONNECT code=" + code).after(Duration.ofSeconds(2)).expects("CONNECT id=c *");
        }
    }

    @Test
    void theWordsOfABrokerCannotForgeALineOfTheLog() {
        World world = connected("CONNACK");
        var end = world.publish("t", "x").delivered();
        world.broker.expects("PUBLISH *").sends("PUBACK id=1 code=135 {31=no\n12:00_ERROR_forged}");
        assertEquals("no?12:00_ERROR_forged", world.now(end).reason());
        world.broker.sends("DISCONNECT code=139 {31=update\r\n\u001B[2J\u2028\u202Eforged}");
        assertEquals("the broker disconnected: server shutting down (update???[2J??forged)", world.reason());
        world.broker.awaitsClient().expects("CONNECT *").sends("CONNACK code=157 {28=a\n\u001Bb}");
        assertEquals("the broker refused: server moved: a??b", world.reason());
    }

    @Test
    void aServerReferenceIsFollowed() {
        World world = World.five();
        world.broker.expects("CONNECT *").sends("CONNACK code=156 {28=other:1884}").awaitsClient()
                .expects("CONNECT clean *").sends("CONNACK");
        assertEquals(List.of("10.0.0.1:1883", "10.0.0.1:1884"), world.broker.takeAttempts());
        assertEquals("mqtt://other:1884", world.client.status().broker());
        world.broker.sends("DISCONNECT code=157 {28=third}").awaitsClient().expects("CONNECT clean *");
        assertEquals(List.of("10.0.0.1:1883"), world.broker.takeAttempts());
    }

    @Test
    void serversThatReferToEachOtherForEverAreLeftAfterAWhile() {
        World world = World.five();
        for (int i = 0; i < 6; i++) {
            world.broker.awaitsClient().expects("CONNECT *").sends("CONNACK code=156 {28=server" + i + "}");
        }
        assertTrue(world.client.status().nextAttempt().toSeconds() >= 29, world.reason());
        assertTrue(world.takeEvents().contains("WAITING permanent"));
        world.broker.awaitsClient().expects("CONNECT *");
        assertEquals("mqtt://broker:1883", world.client.status().broker());
    }

    @Test
    void retainedMessagesOfASubscriptionThatTakesThemAsPublishedAreDroppedAsAnyQos0() { // RETAIN tells nothing there
        World world = World.five("inbound.queue", 3);
        Recorder recorder = new Recorder();
        world.broker.expects("CONNECT *").sends("CONNACK");
        SubscribeOptions options = SubscribeOptions.qos(Qos.AT_MOST_ONCE).retainedAsPublished();
        world.client.subscriber().subscribe("in", Subscribe.Request.encode(options), options.userProperties(),
                world.client.subscriber().queue(recorder, "listener", false));
        world.broker.expects("SUBSCRIBE id=1 in:8").sends("SUBACK id=1 0");
        world.listenersAreStuck(true);
        for (int i = 1; i <= 6; i++) {
            world.broker.sends("PUBLISH retain q0 in " + i);
        }
        world.listenersAreStuck(false);
        assertEquals(List.of("retained in 4", "retained in 5", "retained in 6"), recorder.take());
    }

    @Test
    void aRedirectionThatNamesNothingIsARefusal() {
        World world = World.five();
        world.broker.expects("CONNECT *").sends("CONNACK code=157");
        assertEquals("the broker refused: server moved: no server reference", world.reason());
    }

    @Test
    void theFirstBrokerIsUsedAgainAlsoAfterARedirect() {
        World world = World.five("brokers", List.of("mqtt://a", "mqtt://b"));
        world.broker.resolves("a", "10.0.0.1").resolves("b", "10.0.0.2").resolves("c", "10.0.0.3").refusesAt("10.0.0.1",
                true);
        world.broker.awaitsClient().expects("CONNECT *").sends("CONNACK code=156 {28=c}").awaitsClient()
                .expects("CONNECT *").sends("CONNACK");
        world.broker.refusesAt("10.0.0.1", false);
        for (int seconds = 0; world.broker.take("DISCONNECT").isEmpty(); seconds++) {
            assertTrue(seconds <= 301, "no fail-back");
            world.broker.idles(Duration.ofSeconds(1));
        }
        world.broker.awaitsClient().expects("CONNECT *").sends("CONNACK").idles(Duration.ofHours(2));
        assertTrue(world.client.status().broker().contains("//a"), world.client.status().broker() + " after two hours");
    }

    @Test
    void anAssignedClientIdThatIsRefusedIsAskedForAgain() {
        World world = World.five("client.id", "");
        world.broker.expects("CONNECT clean id= *").sends("CONNACK {18=given}").networkBreaks();
        List<String> connects = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            world.broker.awaitsClient();
            assertTrue(i > 4 || connects.stream().noneMatch(each -> each.contains("id= ")), connects.toString());
            connects.addAll(world.broker.take("CONNECT"));
            world.broker.sends("CONNACK code=133");
        }
        assertTrue(connects.stream().anyMatch(each -> each.contains("id= ")), connects.toString());
    }

    @Test
    void userPropertiesAndWordsOfThePubrecReachTheCaller() {
        World world = connected("CONNACK");
        var end = world.publish("t", "x", 2).delivered();
        world.broker.expects("PUBLISH *").sends("PUBREC id=1 code=16 {31=nobody 38=a:b}").expects("PUBREL id=1")
                .sends("PUBCOMP id=1");
        assertEquals(new Outcome(Outcome.Kind.DELIVERED, 16, "nobody", List.of(new UserProperty("a", "b"))),
                world.now(end));
    }

    @Test
    void aBrokerThatHoldsAllIdsInUseDoesNotBlockTheClient() {
        World world = connected("CONNACK");
        for (int i = 0; i < 20; i++) {
            world.publish("t", "" + i);
        }
        for (int seconds = 0; seconds < 3 * 3600; seconds += 5) {
            for (String packet : world.broker.take("PUBLISH")) {
                world.broker.sends("PUBACK id=" + packet.replaceAll(".*id=([0-9]+).*", "$1") + " code=145");
            }
            world.broker.take("PUBREL");
            world.broker.idles(Duration.ofSeconds(5));
        }
        world.broker.takeAll();
        world.subscribe("a", 1, message -> {});
        world.broker.idles(Duration.ofSeconds(9));
        assertEquals(1, world.broker.take("SUBSCRIBE").size(), world.reason());
    }

    @Test
    void aRepetitionThatTheBrokerAnswersWithInUseIsNotPublishedTwice() {
        World world = connected("CONNACK");
        var end = world.publish("t", "x", 2).delivered();
        world.broker.expects("PUBLISH q2 id=1 t x").networkBreaks(); // the broker has it, and its PUBREC is lost
        world.broker.awaitsClient().expects("CONNECT *").sends("CONNACK session-present")
                .expects("PUBLISH dup q2 id=1 t x")
                .sends("PUBREC id=1 code=145").expects("PUBREL id=1").sends("PUBCOMP id=1")
                .idles(Duration.ofSeconds(40));
        assertEquals(List.of(), world.broker.take("PUBLISH"), "the broker publishes it a second time");
        assertTrue(world.isDone(end));
    }

    @Test
    void aRepetitionThatTheBrokerHoldsForAnotherMessageIsPublishedAgain() {
        World world = connected("CONNACK");
        var end = world.publish("t", "x", 2).delivered();
        world.broker.expects("PUBLISH q2 id=1 t x").networkBreaks();
        world.broker.awaitsClient().expects("CONNECT *").sends("CONNACK session-present")
                .expects("PUBLISH dup q2 id=1 t x")
                .sends("PUBREC id=1 code=145").expects("PUBREL id=1").sends("PUBCOMP id=1 code=146")
                .expects("PUBLISH q2 id=1 t x").sends("PUBREC id=1").expects("PUBREL id=1").sends("PUBCOMP id=1");
        assertEquals(Outcome.Kind.DELIVERED, world.now(end).kind());
    }
}
