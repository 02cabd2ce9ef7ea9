package org.eclipse.kura.message;

import java.util.Date;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

public class KuraPayload {
    private final Map<String, Object> metrics = new HashMap<>();
    private Date timestamp;
    private KuraPosition position;
    private byte[] body;

    public Date getTimestamp() {
        return timestamp;
    }

    public void setTimestamp(Date newTimestamp) {
        timestamp = newTimestamp;
    }

    public KuraPosition getPosition() {
        return position;
    }

    public void setPosition(KuraPosition newPosition) {
        position = newPosition;
    }

    public Object getMetric(String name) {
        return metrics.get(name);
    }

    public void addMetric(String name, Object value) {
        metrics.put(name, value);
    }

    public Set<String> metricNames() {
        return metrics.keySet();
    }

    public Map<String, Object> metrics() {
        return metrics;
    }

    public byte[] getBody() {
        return body;
    }

    public void setBody(byte[] newBody) {
        body = newBody;
    }
}
