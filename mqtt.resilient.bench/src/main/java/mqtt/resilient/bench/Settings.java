package mqtt.resilient.bench;

import java.nio.file.Path;

/**
 * What a client is to do.
 *
 * @param client its name in the comparison; one class may serve several
 * @param host where the broker is
 * @param port the broker's port
 * @param authority a PEM file, the authority to trust; null = no TLS
 * @param window how many messages may be unacknowledged on one connection
 * @param connections how many there will be
 * @param reconnect whether it has to come back by itself when the connection is lost
 * @param directory where it may keep files
 */
public record Settings(String client, String host, int port, Path authority, int window, int connections,
        boolean reconnect, Path directory) {
}
