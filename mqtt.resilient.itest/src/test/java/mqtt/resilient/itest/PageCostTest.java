package mqtt.resilient.itest;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.api.SubscribeOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What an open page costs the gateway, with {@code -Dtests.excluded=none}: CPU time of the process with and without a
 * page, in turn, while a client sends and receives 1,000 messages per second. A measurement, not a test.
 */
@Tag("on-demand")
class PageCostTest {
    private static final int ROUNDS = 9;
    private static final long WINDOW_NANOS = 8_000_000_000L;
    private static final int WARM = 6;

    @Test
    @Timeout(600)
    void measure() throws Exception {
        assumeTrue(Program.find("curl").isPresent(), "curl is not installed");
        AtomicBoolean ended = new AtomicBoolean();
        try (TestBroker broker = new TestBroker().start(); Gateway gateway = new Gateway()) {
            ResilientMqttClient client = gateway.clients.connected("plant", broker, "store", "memory");
            client.subscribe("cost/#", SubscribeOptions.qos(Qos.AT_MOST_ONCE), message -> {});
            Thread traffic = new Thread(() -> {
                long due = System.nanoTime();
                while (!ended.get()) {
                    for (int i = 0; i < 10; i++) {
                        client.publish(Message.to("cost/" + i).payload("a reading of a sensor").qos(Qos.AT_LEAST_ONCE)
                                .build());
                    }
                    due += 10_000_000;
                    LockSupport.parkNanos(due - System.nanoTime());
                }
            }, "itest-traffic");
            traffic.start();
            cpu(client, WARM * WINDOW_NANOS);
            String events = gateway.origin() + "/system/console/mqtt/page/events?client=plant";
            List<Double> without = new ArrayList<>();
            List<Double> with = new ArrayList<>();
            List<Double> tail = new ArrayList<>();
            for (int i = 0; i < ROUNDS; i++) {
                without.add(cpu(client, WINDOW_NANOS));
                with.add(cpuWith(client, events));
                tail.add(cpuWith(client, events + "&tail=cost%2F%23"));
            }
            ended.set(true);
            traffic.join();
            System.out.printf(
                    "CPU in %% of one core, at %d messages/s each way: without a page %s, with a page %s, with a tail "
                            + "%s; a page costs %.2f, a tail %.2f (medians)%n",
                    1000, without, with, tail, median(with) - median(without),
                    median(tail) - median(without));
        }
    }

    private static double cpuWith(ResilientMqttClient client, String events) throws IOException, InterruptedException {
        Process reader = new ProcessBuilder("curl", "-sN", "-u", "admin:admin", "-H", "X-Mqtt-Page: p", events)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        try {
            Await.until("the page is open", Gateway::samples);
            return cpu(client, WINDOW_NANOS);
        } finally {
            reader.destroy();
            Await.until("the page is closed", () -> !Gateway.samples());
        }
    }

    /** {@return the CPU time of this process within a while, in percent of one core} */
    private static double cpu(ResilientMqttClient client, long nanos) {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long start = System.nanoTime();
        long before = system.getProcessCpuTime();
        long received = client.metrics().received();
        LockSupport.parkNanos(nanos);
        double seconds = (System.nanoTime() - start) / 1e9;
        double cpu = Math.round((system.getProcessCpuTime() - before) / seconds / 1e5) / 100.0;
        System.out.printf("%.2f %% in %.1f s at %.0f messages/s%n", cpu, seconds,
                (client.metrics().received() - received) / seconds);
        return cpu;
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return (sorted.get((sorted.size() - 1) / 2) + sorted.get(sorted.size() / 2)) / 2;
    }
}
