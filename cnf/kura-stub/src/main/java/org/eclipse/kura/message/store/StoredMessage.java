package org.eclipse.kura.message.store;

import java.util.Date;
import java.util.Optional;
import org.eclipse.kura.data.DataTransportToken;

public class StoredMessage {
    private final Builder values;

    private StoredMessage(Builder values) {
        this.values = values;
    }

    public int getId() {
        return values.id;
    }

    public String getTopic() {
        return values.topic;
    }

    public int getQos() {
        return values.qos;
    }

    public boolean isRetain() {
        return values.retain;
    }

    public int getPriority() {
        return values.priority;
    }

    public byte[] getPayload() {
        return values.payload;
    }

    public Optional<Date> getCreatedOn() {
        return Optional.ofNullable(values.createdOn);
    }

    public Optional<Date> getPublishedOn() {
        return Optional.ofNullable(values.publishedOn);
    }

    public Optional<Date> getConfirmedOn() {
        return Optional.ofNullable(values.confirmedOn);
    }

    public Optional<Date> getDroppedOn() {
        return Optional.ofNullable(values.droppedOn);
    }

    public Optional<DataTransportToken> getDataTransportToken() {
        return Optional.ofNullable(values.dataTransportToken);
    }

    public static class Builder {
        private final int id;
        private String topic;
        private int qos;
        private boolean retain;
        private int priority;
        private byte[] payload;
        private Date createdOn;
        private Date publishedOn;
        private Date confirmedOn;
        private Date droppedOn;
        private DataTransportToken dataTransportToken;

        public Builder(int id) {
            this.id = id;
        }

        public Builder withTopic(String value) {
            topic = value;
            return this;
        }

        public Builder withQos(int value) {
            qos = value;
            return this;
        }

        public Builder withRetain(boolean value) {
            retain = value;
            return this;
        }

        public Builder withPriority(int value) {
            priority = value;
            return this;
        }

        public Builder withPayload(byte[] value) {
            payload = value;
            return this;
        }

        public Builder withCreatedOn(Date value) {
            createdOn = value;
            return this;
        }

        public Builder withPublishedOn(Date value) {
            publishedOn = value;
            return this;
        }

        public Builder withConfirmedOn(Date value) {
            confirmedOn = value;
            return this;
        }

        public Builder withDroppedOn(Date value) {
            droppedOn = value;
            return this;
        }

        public Builder withDataTransportToken(DataTransportToken value) {
            dataTransportToken = value;
            return this;
        }

        public StoredMessage build() {
            return new StoredMessage(this);
        }
    }
}
