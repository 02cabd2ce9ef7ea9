package mqtt.resilient.impl.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.api.Durability;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.impl.session.StoreSettings;
import mqtt.resilient.impl.world.DiskModel;
import mqtt.resilient.impl.world.ModelBroker;
import mqtt.resilient.impl.world.Settings;
import mqtt.resilient.impl.world.VirtualScheduler;
import mqtt.resilient.impl.world.World;
import org.junit.jupiter.api.Test;

/** A client that keeps its messages on a disk: what it promises across restarts. */
class StoredClientTest {
    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final ModelBroker broker = new ModelBroker(scheduler);
    private final DiskModel disk = new DiskModel();
    private World world;

    private void start() {
        ClientSettings base = Settings.DEFAULT.build();
        world = new World(scheduler, broker, disk, scheduler::execute, "boot", new ClientSettings(base.link(),
                base.session(), base.dispatch(), base.bounds(),
                new StoreSettings("store", Durability.POWER, 500_000_000L, 0, 4096), base.packetMaxBytes(), base.wanProbe()));
        broker.window(100);
    }

    private void exchange() {
        for (int i = 0; i < 20; i++) {
            broker.reads(1000);
            while (broker.hasAcknowledgementsDue()) {
                broker.acknowledges(0);
            }
            broker.clientReads(1000);
            scheduler.run();
        }
    }

    private Publication publish(int lane, int qos) {
        return world.publish(Message.to("l" + lane).lane(lane).qos(Qos.of(qos))
                .payload("" + (world.client.metrics().accepted() + 1)).build());
    }

    @Test
    void whatWasPublishedOfflineIsDeliveredAfterARestart() {
        broker.refuses(true);
        start();
        List<Publication> all = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            all.add(publish(i % 4, 1 + i % 2));
        }
        all.forEach(each -> assertEquals(Durability.POWER, world.now(each.stored())));
        assertEquals(300, world.client.metrics().pending());
        long bytes = world.client.metrics().pendingBytes();
        world.now(world.client.stop());
        assertTrue(world.client.metrics().storeBytes() > 0);
        broker.refuses(false);
        start();
        assertEquals(300, world.client.metrics().pending());
        assertEquals(bytes, world.client.metrics().pendingBytes());
        exchange();
        assertEquals(0, world.client.metrics().pending(), world.client.metrics().toString());
        for (long id = 1; id <= 300; id++) {
            assertEquals(1, broker.accepted.get(id));
        }
    }
}
