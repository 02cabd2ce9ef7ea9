package mqtt.resilient.itest;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;

/** What the tests need: a broker for each class, clients for each test. Whatever a test makes is gone after it. */
@Timeout(180)
abstract class FrameworkTest {
    /** Runs for the whole class; a test that kills a broker makes its own. */
    static TestBroker broker;

    final BundleContext context = FrameworkUtil.getBundle(FrameworkTest.class).getBundleContext();
    private final Deque<AutoCloseable> made = new ArrayDeque<>();
    final Clients clients = closing(new Clients(context));

    @BeforeAll
    static void startBroker() {
        broker = new TestBroker().start();
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    /** Has something closed at the end of the test; the last one first. */
    final <T extends AutoCloseable> T closing(T resource) {
        made.push(resource);
        return resource;
    }

    @AfterEach
    void closeAll() throws Exception {
        Throwable failure = null;
        while (!made.isEmpty()) {
            try {
                made.pop().close();
            } catch (Exception | AssertionError e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw new AssertionError("cleaning up failed: " + failure, failure);
        }
    }

    /** {@return the bundle with the engine; restarted at the end of the test} */
    final Bundle engineBundle() {
        Bundle engine = bundle("mqtt.resilient.impl");
        closing(engine::start);
        return engine;
    }

    final Bundle bundle(String symbolicName) {
        return Stream.of(context.getBundles()).filter(bundle -> symbolicName.equals(bundle.getSymbolicName()))
                .findFirst().orElseThrow(() -> new AssertionError(symbolicName + " is not installed"));
    }
}
