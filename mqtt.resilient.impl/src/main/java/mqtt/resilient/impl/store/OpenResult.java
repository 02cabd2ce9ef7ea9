package mqtt.resilient.impl.store;

import mqtt.resilient.impl.session.StoredState;

/** What came of opening a journal: a state or an error. Filled on the store's thread, then read on the io thread. */
final class OpenResult {
    final AwaitedAnswer.Begun begun = new AwaitedAnswer.Begun();
    StoredState state;
    Throwable error;
}
