package mqtt.resilient.brokers;

import java.nio.file.Path;

/**
 * What each of these programs is started with.
 *
 * @param port on loopback
 * @param directory of its own, kept over a restart
 * @param parent the process with which it ends
 */
record Arguments(int port, Path directory, long parent) {
    static Arguments of(String[] arguments) {
        if (arguments.length != 3) {
            throw new IllegalArgumentException("wanted: port, directory, process id of the parent");
        }
        return new Arguments(Integer.parseInt(arguments[0]), Path.of(arguments[1]), Long.parseLong(arguments[2]));
    }

    /** Ends the process, without any order, when the parent does. */
    Arguments endWithParent() {
        ProcessHandle.of(parent).map(ProcessHandle::onExit).ifPresentOrElse(
                exit -> exit.thenRun(() -> Runtime.getRuntime().halt(0)), () -> Runtime.getRuntime().halt(0));
        return this;
    }
}
