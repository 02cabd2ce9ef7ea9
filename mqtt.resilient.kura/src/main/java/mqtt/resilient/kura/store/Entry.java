package mqtt.resilient.kura.store;

import java.util.Comparator;
import java.util.Date;
import org.eclipse.kura.data.DataTransportToken;
import org.eclipse.kura.message.store.StoredMessage;

/** What is in memory of a message. */
final class Entry {
    /** The one to send first: the lowest priority number, and then the oldest. */
    static final Comparator<Entry> ORDER = Comparator.comparingInt((Entry entry) -> entry.priority)
            .thenComparingLong(entry -> entry.number);

    /** In the journal. */
    final long number;
    final int priority;
    final int qos;
    final long createdOn;
    final int size;
    /** Of its record in the journal of states; 0 = it has none. */
    long state;
    /** 0 = it was not. */
    long publishedOn;
    long confirmedOn;
    long droppedOn;
    DataTransportToken token;
    /** Of a message that is at its end, which the journal does not have any more. */
    String topic;
    boolean retain;

    Entry(long number, int priority, int qos, long createdOn, int size) {
        this.number = number;
        this.priority = priority;
        this.qos = qos;
        this.createdOn = createdOn;
        this.size = size;
    }

    /** Kura's number for it: Kura has an int. */
    int id() {
        return (int) ((number - 1) % Integer.MAX_VALUE) + 1;
    }

    long endedOn() {
        return Math.max(Math.max(confirmedOn, droppedOn), publishedOn);
    }

    StoredMessage toKura(String itsTopic, boolean isRetained, byte[] payload) {
        return new StoredMessage.Builder(id()).withTopic(itsTopic).withQos(qos).withRetain(isRetained)
                .withPriority(priority)
                .withPayload(payload).withCreatedOn(date(createdOn)).withPublishedOn(date(publishedOn))
                .withConfirmedOn(date(confirmedOn)).withDroppedOn(date(droppedOn)).withDataTransportToken(token)
                .build();
    }

    private static Date date(long millis) {
        return millis == 0 ? null : new Date(millis);
    }
}
