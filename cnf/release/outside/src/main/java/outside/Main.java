package outside;

import java.nio.charset.StandardCharsets;
import mqtt.resilient.api.Message;
import mqtt.resilient.api.Qos;

/** What a user's first program does. */
public final class Main {
    private Main() {
    }

    public static void main(String[] arguments) throws Exception {
        Message message = Message.to("plant/boiler/temp").payload("21.5".getBytes(StandardCharsets.UTF_8)).qos(Qos.AT_LEAST_ONCE)
                .build();
        System.out.println("Made a message to " + message.topic());
    }
}
