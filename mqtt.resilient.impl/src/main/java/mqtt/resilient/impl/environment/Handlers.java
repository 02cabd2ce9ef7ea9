package mqtt.resilient.impl.environment;

/**
 * Makes the handlers of a class work without heap. The first time an exception is caught, the JVM looks for the class
 * that the handler names, which may call the class loader; the first time a literal is used, the JVM makes a string of
 * it. Without heap both fail, and another error leaves the handler. A class that names its handlers' classes and
 * literals in a static initializer has them looked up when it is loaded, for all of its code.
 */
public final class Handlers {
    private Handlers() {
    }

    /** The literals that handlers use; naming them here is all that is needed. */
    public static void words(String... used) {
        for (String each : used) {
            assert !each.isEmpty();
        }
    }

    /** The classes that handlers name; naming them here is all that is needed. */
    @SafeVarargs
    public static void prepare(Class<? extends Throwable>... named) {
        for (Class<? extends Throwable> each : named) {
            assert Throwable.class.isAssignableFrom(each);
        }
    }
}
