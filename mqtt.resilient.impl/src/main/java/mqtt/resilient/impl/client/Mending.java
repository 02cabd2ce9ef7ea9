package mqtt.resilient.impl.client;

import java.util.ArrayList;
import java.util.List;
import mqtt.resilient.impl.environment.Handlers;

/**
 * Steps that are all taken, whatever one of them throws; that is thrown at the end, want of heap before anything else.
 */
final class Mending {
    static {
        Handlers.prepare(RuntimeException.class, VirtualMachineError.class);
    }

    private final List<Runnable> steps = new ArrayList<>();

    Mending add(Runnable step) {
        steps.add(step);
        return this;
    }

    void run() {
        RuntimeException fault = null;
        VirtualMachineError shortage = null;
        for (Runnable step : steps) {
            try {
                step.run();
            } catch (RuntimeException e) {
                fault = e;
            } catch (VirtualMachineError e) {
                shortage = e; // all of it is done again
            }
        }
        if (shortage != null) {
            throw shortage;
        } else if (fault != null) {
            throw fault;
        }
    }
}
