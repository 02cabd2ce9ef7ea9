package mqtt.resilient.spi;

/** A failure of somebody's listener as it is logged: see {@link OutsideText#harmless}. */
final class LoggedFailure extends Exception {
    private static final long serialVersionUID = 1L;
    private static final int MAX_CAUSES = 20;

    LoggedFailure(Throwable error) {
        this(error, MAX_CAUSES);
    }

    private LoggedFailure(Throwable error, int causes) { // causes may form a circle
        super(OutsideText.oneLine(error.toString()),
                error.getCause() == null || causes == 0 ? null : new LoggedFailure(error.getCause(), causes - 1), false,
                true);
        setStackTrace(error.getStackTrace());
    }

    @Override
    public String toString() {
        return getMessage();
    }
}
