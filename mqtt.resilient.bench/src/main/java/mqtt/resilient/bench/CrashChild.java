package mqtt.resilient.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Publication;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.ResilientMqttClient;
import mqtt.resilient.plain.ResilientMqtt;

/**
 * Delivers what its store holds, says so, and publishes as fast as it can until it is killed. Tells the number of every
 * message that is stored.
 */
public final class CrashChild {
    private static final int OUTSTANDING = 2000;
    private static final int BULK_BYTES = 3000;

    private CrashChild() {
    }

    /** Arguments: the broker's URI, the store's directory, the first number, how many messages, power or process. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        ResilientMqttClient client = ResilientMqtt
                .open(Clients.configuration("crash", arguments[0], "store.directory", arguments[1],
                        "store", arguments[4]))
                .client();
        System.out.println("health " + client.status().store() + " " + client.status().storeReason());
        boolean drained = client.drain(Duration.ofSeconds(60)).toCompletableFuture().join();
        System.out.println((drained ? "drained " : "stuck ") + client.metrics());
        Semaphore outstanding = new Semaphore(OUTSTANDING);
        int first = Integer.parseInt(arguments[2]);
        for (int number = first; number < first + Integer.parseInt(arguments[3]); number++) {
            outstanding.acquire();
            String text = number % 50 == 0 ? number + " " + "x".repeat(BULK_BYTES) : number + " ";
            Qos qos = number % 2 == 0 ? Qos.EXACTLY_ONCE : Qos.AT_LEAST_ONCE;
            Publication publication = client.publish(Message.to("crash/" + qos.ordinal()).payload(text)
                    .qos(qos).lane((int) (number / 2 % 2) + 2).build());
            long stored = number;
            publication.stored().whenComplete((durability, error) -> {
                System.out.println(error == null ? "stored " + stored : "refused " + stored + " " + error);
                outstanding.release();
            });
        }
        Thread.sleep(Long.MAX_VALUE); // until it is killed: the next numbers are another life's
    }
}
