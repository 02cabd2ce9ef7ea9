package mqtt.resilient.kura.client;

import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import mqtt.resilient.api.ClientStatus;
import org.eclipse.kura.watchdog.CriticalComponent;
import org.eclipse.kura.watchdog.WatchdogService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the gateway restarted when a client that wants a connection gets none for a long time. While it is connected, or
 * is offline by design (paused, out of its schedule, refused by the broker, not configured), it checks in.
 */
final class Watchdog implements CriticalComponent, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);
    private static final long CHECK_INS = 10;
    private static final long LONGEST_PERIOD_MILLIS = 30_000;

    private final WatchdogService service;
    private final String name;
    private final int timeoutMillis;
    private final Supplier<ClientStatus> status;
    private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, task -> {
        Thread thread = new Thread(task, "mqtt-kura-watchdog");
        thread.setDaemon(true);
        return thread;
    });
    private boolean missing;

    Watchdog(WatchdogService service, String name, int timeoutMillis, Supplier<ClientStatus> status) {
        this.service = service;
        this.name = name;
        this.timeoutMillis = timeoutMillis;
        this.status = status;
        service.registerCriticalComponent(this);
        executor.scheduleWithFixedDelay(this::check, 0, Math.min(timeoutMillis / CHECK_INS, LONGEST_PERIOD_MILLIS),
                TimeUnit.MILLISECONDS);
    }

    boolean is(WatchdogService otherService, int otherTimeoutMillis) {
        return service == otherService && timeoutMillis == otherTimeoutMillis;
    }

    private void check() {
        try {
            ClientStatus now = status.get();
            boolean wanting = isWanting(now);
            if (!wanting) {
                service.checkin(this);
            } else if (!missing) {
                LOG.warn("{}: no connection ({}); Kura's watchdog restarts the gateway if there is none within {} min "
                        + "(kura.watchdog.minutes)", name, now.reason(),
                        TimeUnit.MILLISECONDS.toMinutes(timeoutMillis));
            }
            missing = wanting;
        } catch (RuntimeException e) { // foreign code; the next check comes
            LOG.warn("{}: Kura's watchdog failed", name, e);
        }
    }

    /** A refusal by the broker is for somebody to remove: a restart does not. */
    private static boolean isWanting(ClientStatus now) {
        return switch (now.state()) {
            case WAITING, RESOLVING, CONNECTING, HANDSHAKE -> now.reasonCode() == 0;
            case ONLINE, OFFLINE, PAUSED, FAILED -> false;
        };
    }

    @Override
    public String getCriticalComponentName() {
        return name;
    }

    @Override
    public int getCriticalComponentTimeout() {
        return timeoutMillis;
    }

    @Override
    public void close() {
        executor.shutdownNow();
        service.unregisterCriticalComponent(this);
    }
}
