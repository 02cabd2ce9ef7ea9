package mqtt.resilient.impl.client;

import mqtt.resilient.impl.dispatch.DispatchSettings;
import mqtt.resilient.impl.link.LinkSettings;
import mqtt.resilient.impl.session.SessionSettings;
import mqtt.resilient.impl.session.StoreSettings;

/**
 * A valid configuration of a client.
 *
 * @param link the link's part
 * @param session the session's part
 * @param dispatch the dispatcher's part
 * @param bounds how much may be pending
 * @param store the store's part
 * @param packetMaxBytes the largest packet, both ways
 * @param wanProbe the name server that shows whether the wide area network works
 */
public record ClientSettings(LinkSettings link, SessionSettings session, DispatchSettings dispatch, StoreBounds bounds,
        StoreSettings store, int packetMaxBytes, NameServer wanProbe) {

    /**
     * A name server.
     *
     * @param host its name or address
     * @param port its UDP port
     */
    public record NameServer(String host, int port) {
    }

    /** These settings with the reason why the store's place does not keep its content; empty = it does. */
    public ClientSettings withVolatility(String why) {
        return new ClientSettings(link, session, dispatch, bounds, new StoreSettings(store.place(), store.durability(),
                store.forceNanos(), store.floorBytes(), store.segmentBytes(), why), packetMaxBytes, wanProbe);
    }
}
