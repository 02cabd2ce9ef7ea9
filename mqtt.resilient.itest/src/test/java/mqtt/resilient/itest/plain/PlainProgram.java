package mqtt.resilient.itest.plain;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;
import mqtt.resilient.api.SubscribeOptions;
import mqtt.resilient.plain.ResilientMqtt;

/**
 * A program on a class path of the product's jars, SLF4J, and this class. Its arguments: what to do, the broker, a
 * directory, and configuration keys with their values. Says what it sees.
 */
public final class PlainProgram {
    private static final int LIMIT_SECONDS = 30;

    private PlainProgram() {
    }

    public static void main(String[] arguments) throws Exception {
        for (String name : new String[] { "org.osgi.framework.Bundle",
            "org.osgi.service.component.annotations.Component",
            "org.osgi.annotation.versioning.ProviderType",
            "org.osgi.service.metatype.annotations.AttributeDefinition" }) {
            try {
                throw new IllegalStateException(Class.forName(name) + " is there");
            } catch (ClassNotFoundException e) {
                continue; // as it should be
            }
        }
        Map<String, Object> configuration = new HashMap<>(
                Map.of("mqtt.client", "plant", "brokers", arguments[1], "store.directory",
                        arguments[2]));
        for (int i = 3; i < arguments.length; i += 2) {
            configuration.put(arguments[i], arguments[i + 1]);
        }
        switch (arguments[0]) {
            case "talk" -> talk(configuration);
            case "leave" -> { // without close
                ResilientMqtt.open(configuration).client().publish(Message.to("plant/left").payload("kept").build())
                        .stored()
                        .toCompletableFuture().get(LIMIT_SECONDS, TimeUnit.SECONDS);
                System.out.println("stored");
            }
            case "hold" -> {
                ResilientMqtt.open(configuration);
                System.out.println("holds");
                Thread.sleep(Duration.ofSeconds(10L * LIMIT_SECONDS).toMillis());
            }
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void talk(Map<String, Object> configuration) throws Exception {
        try (ResilientMqtt mqtt = ResilientMqtt.open(configuration)) {
            System.out.println("pending " + mqtt.client().metrics().pending());
            CountDownLatch received = new CountDownLatch(1);
            mqtt.client()
                    .subscribe("plant/talk", SubscribeOptions.qos(Qos.AT_LEAST_ONCE), message -> received.countDown())
                    .result()
                    .toCompletableFuture().get(LIMIT_SECONDS, TimeUnit.SECONDS);
            System.out.println("protocol " + mqtt.client().status().protocol());
            mqtt.client().publish(Message.to("plant/talk").payload("1").build());
            System.out.println("received " + received.await(LIMIT_SECONDS, TimeUnit.SECONDS));
            System.out.println(
                    "drained " + mqtt.client().drain(Duration.ofSeconds(LIMIT_SECONDS)).toCompletableFuture().join());
        } catch (IllegalArgumentException | IOException e) {
            System.out.println(e.getClass().getSimpleName() + " " + e.getMessage());
        }
        long since = System.nanoTime();
        while (threads() > 0 && System.nanoTime() - since < TimeUnit.SECONDS.toNanos(LIMIT_SECONDS)) {
            Thread.sleep(10);
        }
        System.out.println("threads " + threads());
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith("mqtt-"))
                .count();
    }
}
