package mqtt.resilient.impl.link;

import java.util.random.RandomGenerator;
import mqtt.resilient.impl.environment.Network;
import mqtt.resilient.impl.environment.Scheduler;

/**
 * Asks now and then, while another broker is in use, whether the first of the list can be reached again: at random
 * times, because a fleet that has lost it together would come back together. On the loop only.
 */
final class Failback {
    private final Network network;
    private final Scheduler scheduler;
    private final RandomGenerator random;
    private final BrokerList brokers;
    private final Runnable failBack;

    private LinkSettings settings;
    /** The connection to another broker; null = there is none, or it is to be kept. */
    private Link link;
    private Scheduler.Timer timer;
    /** The latest one; null = there was none. */
    private BrokerProbe probe;
    /** Since when the first broker of the list was not asked for; 0 = it is in use. */
    private long awaySince;
    /** The part of {@code failback.seconds} after which it is asked: from a half to one. */
    private double share;

    /**
     * Makes one that asks nobody yet.
     *
     * @param failBack is run when the first broker can be reached again
     */
    Failback(Network network, Scheduler scheduler, RandomGenerator random, BrokerList brokers, Runnable failBack) {
        this.network = network;
        this.scheduler = scheduler;
        this.random = random;
        this.brokers = brokers;
        this.failBack = failBack;
    }

    /** The current broker has accepted. */
    void accepted(long now) {
        if (brokers.isFirst()) {
            awaySince = 0;
        } else if (awaySince == 0) {
            away(now);
        }
    }

    private void away(long now) {
        awaySince = now;
        share = random.nextDouble(0.5, 1);
    }

    /** Asks when it is time, if there is a connection, and not to the first broker. */
    void plan(Link newLink, LinkSettings newSettings) {
        cancel();
        if (newLink != null && !brokers.isFirst() && newSettings.brokers().failbackNanos() > 0) {
            settings = newSettings;
            link = newLink;
            timer = scheduler.at(awaySince + (long) (share * settings.brokers().failbackNanos()), this::ask);
        }
    }

    private void ask() {
        away(scheduler.nanoTime());
        probe = BrokerProbe.ask(network, scheduler, settings, brokers.first(), up -> {
            if (up) {
                brokers.toFirst();
                failBack.run();
            } else {
                plan(link, settings);
            }
        });
    }

    /** The connection is over. */
    void cancel() {
        link = null;
        Scheduler.cancel(timer);
        if (probe != null) {
            probe.close();
        }
    }
}
