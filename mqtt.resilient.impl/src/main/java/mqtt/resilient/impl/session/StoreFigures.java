package mqtt.resilient.impl.session;

/**
 * The figures of a store on disk.
 *
 * @param bytes the length of its files
 * @param bytesWritten bytes written since it was opened
 * @param forces how often the disk was forced
 * @param recordsSkipped records that were damaged
 * @param segmentsQuarantined segments that were put aside
 * @param deadLettersForgotten dead letters that went since it was opened, because there were too many
 */
public record StoreFigures(long bytes, long bytesWritten, long forces, int recordsSkipped, int segmentsQuarantined,
        int deadLettersForgotten) {
    /** Of a store without files. */
    public static final StoreFigures NONE = new StoreFigures(0, 0, 0, 0, 0, 0);
}
