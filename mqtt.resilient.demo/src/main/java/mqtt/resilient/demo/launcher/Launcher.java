package mqtt.resilient.demo.launcher;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.startlevel.FrameworkStartLevel;

/**
 * Runs the OSGi framework that is on the class path, with the bundles of a directory, until it is stopped from inside
 * or the process gets SIGTERM; either way it is stopped in order. The one argument is the directory.
 *
 * <p>The system properties become the framework's: {@code org.osgi.framework.storage} says where it keeps its state (a
 * directory in which no launcher has completed an installation is emptied first), and these are the launcher's own:
 * <ul>
 * <li>{@code launcher.ready}: a file that is made when all bundles are started and configured;
 * <li>{@code launcher.late}: the symbolic name of a bundle that is started after the others and stopped before them:
 *     what it uses is still there when it ends;
 * <li>{@code launcher.last}: the symbolic name of a bundle that is started when that file has been removed again,
 * or with {@code launcher.last.held=true} not at all;
 * <li>{@code launcher.parent}: a process id; the end of that process ends this one.
 * </ul>
 *
 * <p>A service {@code Runnable} with the property {@code main.thread=true} is run when all is started, and the
 * framework is stopped when it has returned: this is how bnd's testers want it.
 *
 * <p>Exit status 0: stopped; 1: it did not start, or a {@code Runnable} failed; else what the tester says.
 */
public final class Launcher {
    private static final long STOP_LIMIT_MILLIS = 20_000;
    private static final long CONFIGURED_LIMIT_SECONDS = 10;
    private static final int LATE_START_LEVEL = 2;
    private static final int LAST_START_LEVEL = 3;
    private static final long POLL_MILLIS = 20;
    /** What bnd's tester throws, followed by the number of failed tests, where it must not end the process itself. */
    private static final String TESTER_EXIT = "aQute.throw.error.on.exit";

    private final Framework framework;
    private final String ready = System.getProperty("launcher.ready");
    private final String late = System.getProperty("launcher.late");
    private final String last = System.getProperty("launcher.last");
    private final boolean isHeld = Boolean.getBoolean("launcher.last.held");

    private Launcher() throws BundleException, InterruptedException {
        Map<String, String> properties = new HashMap<>();
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> !name.matches("(java|sun|jdk|user|os|file|line|path|native|awt)\\..*"))
                .forEach(name -> properties.put(name, System.getProperty(name)));
        String storage = properties.get(Constants.FRAMEWORK_STORAGE);
        if (storage == null) {
            throw new IllegalArgumentException("-D" + Constants.FRAMEWORK_STORAGE + " is needed, a directory");
        }
        FrameworkFactory factory = ServiceLoader.load(FrameworkFactory.class).findFirst()
                .orElseThrow(() -> new IllegalStateException("there is no OSGi framework on the class path"));
        if (Files.exists(Path.of(storage)) && !Installation.isIn(Path.of(storage))) {
            empty(factory, properties);
        }
        properties.put(Constants.FRAMEWORK_BEGINNING_STARTLEVEL, String.valueOf(LATE_START_LEVEL));
        framework = factory.newFramework(properties);
    }

    /**
     * By a framework that runs for this alone: bundles take the property for a sign that their data is lost at each
     * start.
     */
    private static void empty(FrameworkFactory factory, Map<String, String> properties)
            throws BundleException, InterruptedException {
        Map<String, String> emptying = new HashMap<>(properties);
        emptying.put(Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
        Framework framework = factory.newFramework(emptying);
        framework.init();
        framework.stop();
        framework.waitForStop(STOP_LIMIT_MILLIS);
    }

    /**
     * Runs it.
     *
     * @param arguments the directory of the bundles
     */
    public static void main(String[] arguments) {
        if (arguments.length != 1 || !Files.isDirectory(Path.of(arguments[0]))) {
            System.err.println("launcher: one argument is needed, a directory of bundles");
            System.exit(1);
        }
        int status = 1;
        try {
            Launcher launcher = new Launcher();
            endWithParent();
            Runtime.getRuntime().addShutdownHook(new Thread(launcher::stop, "launcher-stop"));
            launcher.start(Path.of(arguments[0]));
            status = launcher.run();
        } catch (Exception e) {
            e.printStackTrace();
        }
        System.exit(status);
    }

    private static void endWithParent() {
        String parent = System.getProperty("launcher.parent");
        if (parent != null) {
            ProcessHandle.of(Long.parseLong(parent)).ifPresentOrElse(
                    process -> process.onExit().thenRun(() -> System.exit(0)), () -> System.exit(0));
        }
    }

    /** Bundles are installed and updated before any is started, so that each is wired to what is there now. */
    private void start(Path bundles) throws BundleException, IOException {
        framework.init();
        context().addFrameworkListener(event -> {
            if (event.getType() == FrameworkEvent.ERROR) {
                System.err.println("launcher: failed in " + event.getBundle().getSymbolicName() + ":");
                event.getThrowable().printStackTrace();
            }
        });
        Installation.update(context(), bundles);
        for (Bundle bundle : context().getBundles()) {
            if (late != null && late.equals(bundle.getSymbolicName())) {
                bundle.adapt(BundleStartLevel.class).setStartLevel(LATE_START_LEVEL);
            }
            if (last != null && last.equals(bundle.getSymbolicName())) {
                bundle.adapt(BundleStartLevel.class).setStartLevel(LAST_START_LEVEL);
            }
        }
        framework.start();
    }

    private int run() throws Exception {
        Runnable main = mainThread();
        if (main != null) {
            return run(main);
        }
        if (ready != null) {
            awaitConfigured();
            Files.writeString(Path.of(ready), "");
            while (last != null && !isHeld && Files.exists(Path.of(ready))) {
                Thread.sleep(POLL_MILLIS);
            }
        }
        startLast();
        // An update of the system bundle is a restart of the framework.
        while (framework.waitForStop(0).getType() == FrameworkEvent.STOPPED_UPDATE) {
            framework.start();
            startLast();
        }
        return 0;
    }

    private void startLast() {
        if (!isHeld) {
            framework.adapt(FrameworkStartLevel.class).setStartLevel(LAST_START_LEVEL);
        }
    }

    private Runnable mainThread() throws InvalidSyntaxException {
        return context().getServiceReferences(Runnable.class, "(main.thread=true)").stream().findFirst()
                .map(context()::getService).orElse(null);
    }

    private static int run(Runnable main) {
        try {
            main.run();
            return 0;
        } catch (Error e) {
            String said = String.valueOf(e.getMessage());
            if (said.startsWith(TESTER_EXIT)) {
                return Math.min(Integer.parseInt(said.substring(TESTER_EXIT.length())), 255);
            }
            throw e;
        }
    }

    /**
     * Waits until the configuration admin, if there is one, has told all bundles so far what they are configured with:
     * it tells one after the other, and this one is asked last. Felix's web console fails all requests that come
     * earlier.
     */
    private void awaitConfigured() throws Exception {
        ServiceReference<?> admin = context().getServiceReference("org.osgi.service.cm.ConfigurationAdmin");
        if (admin == null) {
            return;
        }
        CountDownLatch told = new CountDownLatch(1);
        Class<?> type = admin.getBundle().loadClass("org.osgi.service.cm.ManagedService");
        Object service = Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type },
                (proxy, method, values) -> {
                    switch (method.getName()) {
                        case "updated" -> told.countDown();
                        case "equals" -> {
                            return proxy == values[0];
                        }
                        case "hashCode" -> {
                            return System.identityHashCode(proxy);
                        }
                        default -> {
                            return "launcher";
                        }
                    }
                    return null;
                });
        var registration = context().registerService(type.getName(), service,
                FrameworkUtil.asDictionary(Map.of(Constants.SERVICE_PID, "mqtt.resilient.demo.launcher")));
        if (!told.await(CONFIGURED_LIMIT_SECONDS, TimeUnit.SECONDS)) {
            System.err.println("launcher: the configuration admin does not answer");
        }
        registration.unregister();
    }

    private void stop() {
        try {
            framework.stop();
            if (framework.waitForStop(STOP_LIMIT_MILLIS).getType() == FrameworkEvent.WAIT_TIMEDOUT) {
                System.err.println("launcher: the framework has not stopped within " + STOP_LIMIT_MILLIS / 1000 + " s");
            }
        } catch (BundleException e) {
            e.printStackTrace();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private BundleContext context() {
        return framework.getBundleContext();
    }
}
