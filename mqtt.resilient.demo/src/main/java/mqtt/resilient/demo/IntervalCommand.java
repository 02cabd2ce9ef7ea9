package mqtt.resilient.demo;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import mqtt.resilient.api.MessageListener;
import mqtt.resilient.api.MqttConstants;
import mqtt.resilient.api.ReceivedMessage;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Obeys {@code gateway/<host>/interval}: the payload is the number of seconds between readings. The listener is
 * registered by hand, and not as the component's service, because the filter holds this host's name.
 */
@Component(service = IntervalCommand.class, immediate = true)
public class IntervalCommand implements MessageListener {
    private static final Logger LOG = LoggerFactory.getLogger(IntervalCommand.class);
    private static final BigDecimal MIN_SECONDS = new BigDecimal("0.1");
    private static final BigDecimal MAX_SECONDS = new BigDecimal("3600");
    private static final int MAX_PAYLOAD_CHARACTERS = 32;

    private final ServiceRegistration<MessageListener> registration;
    private volatile Duration interval = Duration.ofSeconds(1);
    private volatile Runnable changed = () -> {};

    /**
     * Registers the listener.
     *
     * @param context of this bundle
     */
    @Activate
    public IntervalCommand(BundleContext context) {
        String host = new MachineReadings(Path.of("/"), Path.of("/")).host();
        registration = context.registerService(MessageListener.class, this, FrameworkUtil.asDictionary(Map.of(
                MqttConstants.CLIENT, "demo",
                MqttConstants.FILTER, "gateway/" + host + "/interval",
                MqttConstants.QOS, 1)));
    }

    @Deactivate
    void deactivate() {
        registration.unregister();
    }

    /** {@return the time between readings now} */
    Duration interval() {
        return interval;
    }

    /**
     * Sets who is told of a change.
     *
     * @param action called on a listener thread after a change
     */
    void onChange(Runnable action) {
        changed = action;
    }

    @Override
    public void onMessage(ReceivedMessage message) {
        String payload = new String(message.payload(), StandardCharsets.UTF_8);
        try {
            Duration wanted = parse(payload);
            if (!wanted.equals(interval)) {
                interval = wanted;
                LOG.info("Interval changed: readings every {} s", wanted.toMillis() / 1000.0);
                changed.run();
            }
        } catch (IllegalArgumentException e) {
            LOG.warn("Command on {} ignored: {}", message.topic(), e.getMessage());
        }
    }

    /**
     * Parses a number of seconds.
     *
     * @param payload a decimal number from 0.1 to 3600
     * @return the interval
     * @throws IllegalArgumentException if it is anything else
     */
    static Duration parse(String payload) {
        String text = payload.strip();
        if (text.length() <= MAX_PAYLOAD_CHARACTERS && text.matches("\\d+(\\.\\d+)?|\\.\\d+")) {
            BigDecimal seconds = new BigDecimal(text);
            if (seconds.compareTo(MIN_SECONDS) >= 0 && seconds.compareTo(MAX_SECONDS) <= 0) {
                return Duration.ofNanos(seconds.movePointRight(9).longValue());
            }
        }
        String shown = text.length() > MAX_PAYLOAD_CHARACTERS ? text.substring(0, MAX_PAYLOAD_CHARACTERS) + "…" : text;
        throw new IllegalArgumentException("interval: \"" + shown.replaceAll("\\p{Cntrl}", "?")
                + "\" is not allowed; allowed: seconds from 0.1 to 3600");
    }
}
