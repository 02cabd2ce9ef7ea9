package mqtt.resilient.impl.client;

import mqtt.resilient.impl.dispatch.DispatchSettings;
import mqtt.resilient.impl.link.LinkSettings;
import mqtt.resilient.impl.session.SessionSettings;

/**
 * A valid configuration of a client.
 *
 * @param link the link's part
 * @param session the session's part
 * @param dispatch the dispatcher's part
 * @param bounds the store's part
 * @param packetMaxBytes the largest packet, both ways
 */
public record ClientSettings(LinkSettings link, SessionSettings session, DispatchSettings dispatch, StoreBounds bounds,
        int packetMaxBytes) {
}
