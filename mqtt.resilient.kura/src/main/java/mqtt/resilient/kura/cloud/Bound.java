package mqtt.resilient.kura.cloud;

import java.util.function.Consumer;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.util.tracker.ServiceTracker;
import org.osgi.util.tracker.ServiceTrackerCustomizer;

/**
 * Binds the one service of a type that has a certain value of a property; others are not even asked for, because Kura's
 * are made when somebody does.
 *
 * @param <T> the type
 */
final class Bound<T> implements ServiceTrackerCustomizer<T, T>, AutoCloseable {
    private final BundleContext context;
    private final Class<T> type;
    private final String property;
    private final Consumer<T> bind;
    private final Consumer<T> unbind;
    private ServiceTracker<T, T> tracker;
    private String value;

    Bound(BundleContext context, Class<T> type, String property, Consumer<T> bind, Consumer<T> unbind) {
        this.context = context;
        this.type = type;
        this.property = property;
        this.bind = bind;
        this.unbind = unbind;
    }

    /** From now on that with another value; an empty one changes nothing. */
    void to(String newValue) {
        if (newValue.isEmpty() || newValue.equals(value)) {
            return;
        }
        close();
        value = newValue;
        tracker = new ServiceTracker<>(context, type, this);
        tracker.open();
    }

    @Override
    public T addingService(ServiceReference<T> reference) {
        T service = value.equals(reference.getProperty(property)) ? context.getService(reference) : null;
        if (service == null) {
            return null;
        }
        try {
            bind.accept(service);
        } catch (RuntimeException | LinkageError e) {
            // foreign code, or it is going this moment: no reason not to start
            EndpointUser.LOG.warn("{} = {} cannot be used", property, value, e);
        }
        return service;
    }

    @Override
    public void modifiedService(ServiceReference<T> reference, T service) {
        // the properties in question do not change
    }

    @Override
    public void removedService(ServiceReference<T> reference, T service) {
        unbind.accept(service);
        context.ungetService(reference);
    }

    @Override
    public void close() {
        if (tracker != null) {
            tracker.close();
            tracker = null;
        }
    }
}
