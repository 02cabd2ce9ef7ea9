package mqtt.resilient.impl.session;

/**
 * The figures of a store on disk.
 *
 * @param bytes the length of its files
 * @param bytesWritten bytes written since it was opened
 * @param forces how often the disk was forced
 * @param recordsSkipped records that were damaged
 * @param segmentsQuarantined segments that were put aside
 */
public record StoreFigures(long bytes, long bytesWritten, long forces, int recordsSkipped, int segmentsQuarantined) {
    /** Of a store without files. */
    public static final StoreFigures NONE = new StoreFigures(0, 0, 0, 0, 0);
}
