package outside;

import java.net.ServerSocket;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.plain.ResilientMqtt;

/** A user's first program, while the broker is not there. */
public final class Main {
    private Main() {
    }

    public static void main(String[] arguments) throws Exception {
        int closed;
        try (ServerSocket socket = new ServerSocket(0)) {
            closed = socket.getLocalPort();
        }
        try (ResilientMqtt mqtt = ResilientMqtt.open(Map.of("mqtt.client", "outside", "client.id", "outside", "store", "memory",
                "brokers", "mqtt://127.0.0.1:" + closed))) {
            Publication publication = mqtt.client().publish(
                    Message.to("plant/boiler/temp").payload("71.3").qos(Qos.AT_LEAST_ONCE).build());
            publication.stored().toCompletableFuture().get(10, TimeUnit.SECONDS);
            System.out.println("The client is " + mqtt.client().status().state());
            System.out.println(mqtt.client().metrics().pending() + " message pending");
        }
    }
}
