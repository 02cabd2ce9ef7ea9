package mqtt.resilient.demo;

import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** Ends the framework with the script that started it, also when that is killed hard. */
@Component(service = {}, immediate = true)
public class ParentWatch {
    /**
     * Watches the process in {@code gateway.parent}, if any.
     *
     * @param context of this bundle
     */
    @Activate
    public ParentWatch(BundleContext context) {
        String parent = context.getProperty(GatewayProperties.PARENT);
        if (parent != null) {
            // System.exit runs the launcher's hook, which stops the framework.
            ProcessHandle.of(Long.parseLong(parent)).ifPresentOrElse(
                    process -> process.onExit().thenRun(() -> System.exit(0)),
                    () -> new Thread(() -> System.exit(0), "gateway-exit").start());
        }
    }
}
