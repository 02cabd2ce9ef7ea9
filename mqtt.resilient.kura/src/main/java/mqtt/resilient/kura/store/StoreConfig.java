package mqtt.resilient.kura.store;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.osgi.service.metatype.annotations.Option;

/** Where the messages of Kura's DataService are kept. */
@ObjectClassDefinition(id = StoreConfig.PID, name = "Message store (mqtt.resilient)",
        description = "Stores the messages of a DataService of Kura: set its option store.db.service.pid to the name "
                + "(kura.service.pid) of this store.")
@interface StoreConfig {
    String PID = "mqtt.resilient.kura.store";

    @AttributeDefinition(name = "Store", options = {
        @Option(label = "power: stored messages survive a power cut", value = "power"),
        @Option(label = "process: they survive the end of the process", value = "process") })
    String store() default "power";

    @AttributeDefinition(name = "Directory", required = false,
            description = "Must be on a disk that survives a reboot. Empty: mqtt.resilient/messages in Kura's data "
                    + "directory.")
    String store_directory() default "";

    @AttributeDefinition(name = "Messages", min = "1", max = "10000000",
            description = "Of one DataService; its own option store.capacity is checked before. Messages of priority 0 "
                    + "and 1 may be a tenth more.")
    int store_max_messages() default 100_000;

    @AttributeDefinition(name = "Bytes", min = "1024",
            description = "Of one DataService's messages, with topics. Messages of priority 0 and 1 may be a tenth "
                    + "more.")
    long store_max_bytes() default 268_435_456;
}
