package mqtt.resilient.impl.environment;

/**
 * Makes the handlers of a class work without heap. The first time an exception is caught, the JVM looks for the class that the
 * handler names, which may call the class loader; without heap that fails, and what was thrown passes the handler. A class that names
 * its handlers' classes in a static initializer has them looked up when it is loaded.
 */
public final class Handlers {
    private Handlers() {
    }

    /** The classes that handlers name; naming them here is all that is needed. */
    @SafeVarargs
    public static void prepare(Class<? extends Throwable>... named) {
        for (Class<? extends Throwable> each : named) {
            assert Throwable.class.isAssignableFrom(each);
        }
    }
}
