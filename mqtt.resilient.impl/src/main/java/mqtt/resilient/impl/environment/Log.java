package mqtt.resilient.impl.environment;

import mqtt.resilient.spi.OutsideText;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine's way to the log: whatever somebody outside wrote (a broker, a device, whoever chose a topic, a client
 * identifier or a file's name) becomes one harmless line, also in the messages of exceptions. Safe from any thread.
 */
public final class Log {
    private final Logger logger;

    private Log(Logger logger) {
        this.logger = logger;
    }

    /** The log of a name. */
    public static Log of(String name) {
        return new Log(LoggerFactory.getLogger(name));
    }

    /** The log of a class. */
    public static Log of(Class<?> owner) {
        return new Log(LoggerFactory.getLogger(owner));
    }

    /** Logs an error; the last argument may be an exception. */
    public void error(String format, Object... arguments) {
        logger.error(format, harmless(arguments));
    }

    /** Logs a warning; the last argument may be an exception. */
    public void warn(String format, Object... arguments) {
        logger.warn(format, harmless(arguments));
    }

    /** Logs what an operator wants to know. */
    public void info(String format, Object... arguments) {
        logger.info(format, harmless(arguments));
    }

    /** Logs what a developer wants to know. */
    public void debug(String format, Object... arguments) {
        if (logger.isDebugEnabled()) {
            logger.debug(format, harmless(arguments));
        }
    }

    private static Object[] harmless(Object... arguments) {
        Object[] all = new Object[arguments.length];
        for (int i = 0; i < all.length; i++) {
            all[i] = i == all.length - 1 && arguments[i] instanceof Throwable error ? OutsideText.harmless(error)
                    : OutsideText.oneLine(String.valueOf(arguments[i]));
        }
        return all;
    }
}
