package mqtt.resilient.impl.client;

import mqtt.resilient.impl.environment.Handlers;

/**
 * Runs steps, all of them, whatever one throws. What was thrown is thrown at the end, a shortage of heap before
 * anything else.
 */
final class Mending {
    static {
        Handlers.prepare(RuntimeException.class, VirtualMachineError.class);
    }

    private Mending() {
    }

    static void run(Runnable... steps) {
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
