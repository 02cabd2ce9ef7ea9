package mqtt.resilient.impl.component;

import org.osgi.framework.Bundle;
import org.osgi.framework.FrameworkUtil;

/** Names listeners in the same way before and after their bundle was updated. */
final class Descriptions {
    private Descriptions() {
    }

    /** Class and bundle of a listener, without what changes from one life to the next. */
    static String of(Object listener) {
        Bundle bundle = FrameworkUtil.getBundle(listener.getClass());
        return listener.getClass().getName().replaceFirst("\\$\\$Lambda.*", " (lambda)")
                + (bundle == null ? "" : " of " + bundle.getSymbolicName());
    }
}
