package mqtt.resilient.kura.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLContext;
import mqtt.resilient.spi.TlsMaterial;
import org.eclipse.kura.ssl.SslManagerService;
import org.eclipse.kura.ssl.SslServiceListener;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.Filter;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.util.tracker.ServiceTracker;

/**
 * Keys and trust of one of Kura's SSL managers. A change is for connections that are made from then on; those that are
 * up stay. Safe from any thread.
 */
public final class SslManagerMaterial implements TlsMaterial, SslServiceListener, AutoCloseable {
    private final String target;
    private final String alias;
    private final Runnable changed;
    private final ServiceTracker<SslManagerService, SslManagerService> tracker;
    private final ServiceRegistration<SslServiceListener> registration;
    private SSLContext context;
    private SslManagerService from;
    private long changes;

    /**
     * Begins to follow an SSL manager.
     *
     * @param target selects it; a valid filter
     * @param alias the key to use; empty = any
     * @param changed runs when a new connection may have other keys or trust than before
     */
    public SslManagerMaterial(BundleContext bundle, String target, String alias, Runnable changed) {
        this.target = target;
        this.alias = alias;
        this.changed = changed;
        tracker = new ServiceTracker<>(bundle, filter(target), null) {
            @Override
            public SslManagerService addingService(ServiceReference<SslManagerService> reference) {
                SslManagerService manager = super.addingService(reference);
                onConfigurationUpdated();
                return manager;
            }
        };
        registration = bundle.registerService(SslServiceListener.class, this, null);
        tracker.open();
    }

    private static Filter filter(String target) {
        try {
            return FrameworkUtil.createFilter("(&(" + Constants.OBJECTCLASS + "=" + SslManagerService.class.getName()
                    + ")" + target + ")");
        } catch (InvalidSyntaxException e) {
            throw new IllegalArgumentException(target, e); // the caller has looked
        }
    }

    /** Whether this is what a configuration asks for. */
    public boolean is(String wantedTarget, String wantedAlias) {
        return target.equals(wantedTarget) && alias.equals(wantedAlias);
    }

    @Override
    public SSLContext current() throws IOException, GeneralSecurityException {
        SslManagerService manager = tracker.getService();
        if (manager == null) {
            throw new IOException("SslManagerService.target: there is no SSL manager " + target);
        }
        long now;
        synchronized (this) {
            if (context != null && from == manager) {
                return context;
            }
            now = changes;
        }
        SSLContext fresh;
        try {
            fresh = alias.isEmpty() ? manager.getSSLContext() : manager.getSSLContext(alias);
        } catch (RuntimeException e) { // foreign code
            throw new GeneralSecurityException(e);
        }
        if (fresh == null) {
            throw new IOException(
                    "SslManagerService.target: the SSL manager " + target + " offers neither keys nor trust");
        }
        synchronized (this) {
            if (now == changes) {
                context = fresh;
                from = manager;
            }
            return fresh;
        }
    }

    @Override
    public void onConfigurationUpdated() {
        synchronized (this) {
            context = null;
            changes++;
        }
        changed.run();
    }

    @Override
    public void close() {
        registration.unregister();
        tracker.close();
    }
}
