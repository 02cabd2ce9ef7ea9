package org.eclipse.kura.message;

import java.util.Date;

public class KuraPosition {
    private Double latitude;
    private Double longitude;
    private Double altitude;
    private Double precision;
    private Double heading;
    private Double speed;
    private Date timestamp;
    private Integer satellites;
    private Integer status;

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

    public Double getPrecision() {
        return precision;
    }

    public void setPrecision(double newPrecision) {
        precision = newPrecision;
    }

    public Double getHeading() {
        return heading;
    }

    public void setHeading(double newHeading) {
        heading = newHeading;
    }

    public Double getSpeed() {
        return speed;
    }

    public void setSpeed(double newSpeed) {
        speed = newSpeed;
    }

    public Date getTimestamp() {
        return timestamp;
    }

    public void setTimestamp(Date newTimestamp) {
        timestamp = newTimestamp;
    }

    public Integer getSatellites() {
        return satellites;
    }

    public void setSatellites(int newSatellites) {
        satellites = newSatellites;
    }

    public Integer getStatus() {
        return status;
    }

    public void setStatus(int newStatus) {
        status = newStatus;
    }
}
