package mqtt.resilient.demo;

import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes the readings of this machine at QoS 1, each under {@code gateway/<host>/<what>}. It never asks whether
 * there is a connection: that is the client's work.
 */
@Component(service = {}, immediate = true)
public class Telemetry {
    private static final Logger LOG = LoggerFactory.getLogger(Telemetry.class);

    private final ResilientMqttClient mqtt;
    private final IntervalCommand command;
    private final MachineReadings machine;
    private final String topic;
    private final AtomicLong refused = new AtomicLong();
    private final ScheduledExecutorService executor = Executors
            .newSingleThreadScheduledExecutor(task -> new Thread(task, "gateway-telemetry"));
    private ScheduledFuture<?> ticks;

    /**
     * Starts publishing.
     *
     * @param mqtt the client to publish through
     * @param command tells the interval
     * @param context of this bundle
     */
    @Activate
    public Telemetry(@Reference(target = "(mqtt.client=demo)") ResilientMqttClient mqtt,
            @Reference IntervalCommand command, BundleContext context) {
        this.mqtt = mqtt;
        this.command = command;
        machine = new MachineReadings(Path.of("/"), GatewayProperties.directory(context));
        topic = "gateway/" + machine.host() + "/";
        restart();
        command.onChange(this::restart);
        LOG.info("Publishing {}<reading> every {} s", topic, command.interval().toMillis() / 1000.0);
    }

    @Deactivate
    void deactivate() {
        command.onChange(() -> {});
        executor.shutdownNow();
    }

    private synchronized void restart() {
        if (ticks != null) {
            ticks.cancel(false);
        }
        if (!executor.isShutdown()) {
            ticks = executor.scheduleAtFixedRate(this::tick, 0, command.interval().toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    /** An exception that escaped would end the schedule without a word. */
    private void tick() {
        try {
            Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
            machine.all().forEach((what, values) -> publish(what, now, values));
        } catch (RuntimeException e) {
            if (!executor.isShutdown()) {
                LOG.warn("A round of readings failed and is skipped", e);
            }
        }
    }

    private void publish(String what, Instant now, Map<String, Object> values) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("time", now.toString());
        members.putAll(values);
        mqtt.publish(Message.to(topic + what).payload(Json.object(members)).qos(Qos.AT_LEAST_ONCE).build())
                .stored().whenComplete((durability, refusal) -> note(refusal));
    }

    /** A long outage refuses many readings: it is logged when that begins and when it ends. */
    private void note(Throwable refusal) {
        if (refusal == null) {
            long count = refused.getAndSet(0);
            if (count > 0) {
                LOG.info("Readings are accepted again; {} were rejected", count);
            }
        } else if (refused.getAndIncrement() == 0) {
            LOG.warn("Readings are rejected: {}", refusal.getMessage());
        }
    }
}
