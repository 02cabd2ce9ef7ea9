package org.eclipse.kura.message;

public class KuraPosition {
    private Double latitude;
    private Double longitude;
    private Double altitude;

    public Double getLatitude() {
        return latitude;
    }

    public void setLatitude(double newLatitude) {
        latitude = newLatitude;
    }

    public Double getLongitude() {
        return longitude;
    }

    public void setLongitude(double newLongitude) {
        longitude = newLongitude;
    }

    public Double getAltitude() {
        return altitude;
    }

    public void setAltitude(double newAltitude) {
        altitude = newAltitude;
    }
}
