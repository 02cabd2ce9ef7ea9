package org.eclipse.kura.message.store.provider;

import java.util.List;
import java.util.Optional;
import org.eclipse.kura.KuraStoreException;
import org.eclipse.kura.data.DataTransportToken;
import org.eclipse.kura.message.store.StoredMessage;
import org.osgi.annotation.versioning.ProviderType;

@ProviderType
public interface MessageStore {
    int store(String topic, byte[] payload, int qos, boolean retain, int priority) throws KuraStoreException;

    void markAsPublished(int messageId) throws KuraStoreException;

    void markAsPublished(int messageId, DataTransportToken token) throws KuraStoreException;

    void markAsConfirmed(int messageId) throws KuraStoreException;

    Optional<StoredMessage> getNextMessage() throws KuraStoreException;

    Optional<StoredMessage> get(int messageId) throws KuraStoreException;

    int getMessageCount() throws KuraStoreException;

    List<StoredMessage> getUnpublishedMessages() throws KuraStoreException;

    List<StoredMessage> getInFlightMessages() throws KuraStoreException;

    List<StoredMessage> getDroppedMessages() throws KuraStoreException;

    void unpublishAllInFlighMessages() throws KuraStoreException;

    void dropAllInFlightMessages() throws KuraStoreException;

    void deleteStaleMessages(int purgeAgeSeconds) throws KuraStoreException;

    void close();
}
