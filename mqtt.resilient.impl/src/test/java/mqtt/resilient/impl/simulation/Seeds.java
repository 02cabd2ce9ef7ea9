package mqtt.resilient.impl.simulation;

/**
 * Which seeds a run takes: some that every run takes, and then some that nobody has chosen.
 *
 * @param first the first seed
 * @param count how many follow from there
 * @param more the first of the others
 * @param moreCount how many of these
 */
record Seeds(long first, long count, long more, long moreCount) {
    private static final int HEX_DIGITS = 10;
    private static final int HEX = 16;
    private static final long MORE_FROM = 1_000_000_000L;
    private static final long EACH_SECOND = 1000;

    /** One range. */
    static Seeds from(long first, long count) {
        return new Seeds(first, count, 0, 0);
    }

    /**
     * Half of them from 1 on, the others from a number that another commit does not have.
     *
     * @param commit its hash; empty = not known, the time counts
     */
    static Seeds halfMoving(long count, String commit, long nowSeconds) {
        return new Seeds(1, count - count / 2, commit.isEmpty() ? ofTime(nowSeconds)
                : MORE_FROM + Long.parseLong(commit.substring(0, HEX_DIGITS), HEX), count / 2);
    }

    /** Seeds that another run gets only within some seconds. */
    static Seeds fresh(long count, long nowSeconds) {
        return from(ofTime(nowSeconds), count);
    }

    private static long ofTime(long nowSeconds) {
        return nowSeconds * EACH_SECOND;
    }

    long total() {
        return count + moreCount;
    }

    /** The seed with a number, from 0. */
    long seed(long number) {
        return number < count ? first + number : more + number - count;
    }

    @Override
    public String toString() {
        return "seeds " + range(first, count) + (moreCount == 0 ? "" : ", and " + range(more, moreCount));
    }

    private static String range(long first, long count) {
        return first + " to " + (first + count - 1) + " (--from " + first + " --seeds " + count + ")";
    }
}
