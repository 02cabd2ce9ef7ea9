package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import mqtt.resilient.api.Message;
import mqtt.resilient.api.Outcome;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.itest.example.Boiler;
import mqtt.resilient.itest.example.Commands;
import org.junit.jupiter.api.Test;

/** The components of the user guide, as Declarative Services makes them. */
class ExampleTest extends FrameworkTest {
    @Test
    void aComponentLivesAsLongAsItsClientAndPublishes() {
        assertNull(context.getServiceReference(Boiler.class));
        clients.connected("otherplant", broker);
        Inbox inbox = Inbox.subscribed(clients.connected("plant", broker), "plant/boiler/+");
        Await.until("the component", () -> context.getServiceReference(Boiler.class) != null);
        Boiler boiler = context.getService(context.getServiceReference(Boiler.class));
        assertEquals(Outcome.Kind.DELIVERED, Await.result(boiler.report("81.5").settled()).kind());
        inbox.awaitTexts("81.5");
        clients.delete("plant");
        Await.until("the component is gone", () -> context.getServiceReference(Boiler.class) == null);
    }

    @Test
    void aListeningComponentGetsTheMessagesOfItsClientOnly() throws Exception {
        try (TestBroker other = new TestBroker().start()) {
            ResilientMqttClient plant = clients.connected("plant", broker);
            ResilientMqttClient elsewhere = clients.connected("elsewhere", other);
            // DS would make an instance for each use; the reference keeps it
            var reference = context.getServiceReference(Commands.class);
            Commands commands = context.getService(reference);
            int before = commands.received().size();
            elsewhere.publish(Message.to("plant/pump/cmd").payload("wrong").build());
            Await.until("a command", () -> {
                Await.result(plant.publish(Message.to("plant/pump/cmd").payload("start").build()).settled());
                return commands.received().size() > before;
            });
            assertEquals(0, commands.received().stream().filter("wrong"::equals).count());
        }
    }
}
