package mqtt.resilient.impl.environment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import mqtt.resilient.api.BrokerLimits;
import mqtt.resilient.api.ConnectionState;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Topics;
import mqtt.resilient.impl.link.LinkStatus;
import mqtt.resilient.impl.world.Recorder;
import mqtt.resilient.impl.world.World;
import mqtt.resilient.spi.OutsideText;
import mqtt.resilient.spi.packet.Reason;
import org.junit.jupiter.api.Test;

/** What somebody outside wrote is one harmless line. */
class OutsideTextTest {
    @Test
    void whatCouldBeginALineActOnATerminalOrTurnTheWritingIsReplaced() {
        assertEquals("a?b?c??[2Jd?e?f", OutsideText.oneLine("a\nb\u0000c\r\u001B[2Jd\u2028e\u202Ef"));
    }

    @Test
    void lettersOfAnyScriptAndSymbolsStay() {
        String text = "Überhitzt: 90 °C \u6e29\u5ea6 \ud83d\udd25 \"x\"";
        assertEquals(text, OutsideText.oneLine(text));
    }

    @Test
    void whatABrokerOrADeviceWroteIsOneLineWhereItEnters() {
        String hostile = "a\n\u001b[2J\u2028b\u202e";
        String harmless = "a??[2J?b?";
        assertEquals(harmless, new Reason(0x87, hostile).text());
        assertEquals(harmless, new Reason(0x87, hostile, List.of()).text());
        assertEquals(harmless,
                new LinkStatus(ConnectionState.WAITING, 0, hostile, "", "", "5", 1, 0, 0, BrokerLimits.NONE, false,
                        false,
                        false, List.of()).reason());
        assertEquals("Message[" + harmless + ", 0 B, QoS 1, lane 2]", Message.to(hostile).build().toString());
        String error = assertThrows(IllegalArgumentException.class, () -> Topics.requireFilter(hostile + "#"))
                .getMessage();
        assertTrue(error.contains(harmless), error);
    }

    @Test
    void aReceivedMessageShowsItsTopicAsOneLine() {
        World world = World.five();
        world.broker.expects("CONNECT *").sends("CONNACK");
        Recorder recorder = new Recorder();
        world.subscribe("#", 1, recorder);
        world.broker.expects("SUBSCRIBE id=1 #:1").sends("SUBACK id=1 1", "PUBLISH q1 id=1 a\u001b[2J x");
        assertEquals("ReceivedMessage[a?[2J, 1 B, QoS 1]", recorder.messages.get(0).toString());
    }
}
