// The page: one stream of server-sent events in, actions out. Whatever comes from a message or a broker is put in as text.
(() => {
'use strict';

const root = document.getElementById('mqtt-console');
// Without a user and a password that the address of the page may have: fetch takes none.
const base = location.origin + root.dataset.base + '/';
const pageId = Array.from(crypto.getRandomValues(new Uint8Array(12)), b => b.toString(16).padStart(2, '0')).join('');
const $ = id => root.querySelector('#' + id);

const WINDOW = 300;       // samples in a chart: five minutes
const MOST_ROWS = 200;    // clients in the list at once
const MOST_MESSAGES = 100;
const MOST_EVENTS = 200;
const MOST_OUTAGES = 50;
const RETRY_MS = 3000;
const SHORT_MS = 2000;    // a stream that ends earlier is not asked for anew at once

/* ---- text ---- */

// Characters that are not seen, or that turn the direction of others.
const UNSEEN = /(?! )[\p{C}\p{Z}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\u{e0100}-\u{e01ef}]/u;

/** Text as a list of nodes, with a mark in place of each character that is not seen. */
function visible(text) {
    const nodes = [];
    let plain = '';
    const flush = () => { if (plain) { nodes.push(plain); plain = ''; } };
    for (const c of text) {
        if (!UNSEEN.test(c) || c === '\n') {
            plain += c;
        } else {
            flush();
            const name = c === '\t' ? 'tab' : 'U+' + c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
            nodes.push(el('span', {className: 'mark', textContent: '‹' + name + '›'}));
        }
    }
    flush();
    return nodes;
}

function el(tag, properties, ...children) {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children.flat());
    return node;
}

const bdi = text => el('bdi', {dir: 'ltr'}, visible(text));
const number = value => value == null || value < 0 ? '–' : Math.round(value).toLocaleString('en');
const plural = (count, noun) => number(count) + ' ' + noun + (count === 1 ? '' : 's');

function time(millis, withDate) {
    const date = new Date(millis);
    const two = n => String(n).padStart(2, '0');
    const clock = two(date.getHours()) + ':' + two(date.getMinutes()) + ':' + two(date.getSeconds());
    return withDate ? date.getFullYear() + '-' + two(date.getMonth() + 1) + '-' + two(date.getDate()) + ' ' + clock : clock;
}

/** A time of today without the day. */
const when = millis => time(millis, new Date(millis).toDateString() !== new Date().toDateString());

function span(millis) {
    const seconds = Math.max(0, Math.round(millis / 1000));
    if (seconds < 120) {
        return seconds + ' s';
    }
    const minutes = Math.floor(seconds / 60);
    if (minutes < 120) {
        return minutes + ' min ' + seconds % 60 + ' s';
    }
    const hours = Math.floor(minutes / 60);
    return hours < 48 ? hours + ' h ' + minutes % 60 + ' min' : Math.floor(hours / 24) + ' d ' + hours % 24 + ' h';
}

function bytes(value) {
    if (value == null || value < 0) {
        return '–';
    }
    return value < 10240 ? number(value) + ' B' : value < 10485760 ? number(value / 1024) + ' KB' : number(value / 1048576) + ' MB';
}

function setText(node, text) {
    if (node.textContent !== text) { // an unchanged live region is not read again
        node.textContent = text;
    }
}

/** Replaces text only where it has changed: what somebody has selected stays selected. */
function setVisible(node, text) {
    if (node.shown !== text) {
        node.shown = text;
        node.replaceChildren(...visible(text));
    }
}

/** The same for several sentences, of which the first has the time in it. */
function setSentences(node, text) {
    const all = text.split(/(?<=\. )/);
    while (node.children.length > all.length) {
        node.lastChild.remove();
    }
    all.forEach((sentence, i) => setVisible(node.children[i] || node.appendChild(el('span')), sentence));
}

const row = (...cells) => el('tr', {}, cells.map(cell => cell instanceof HTMLTableCellElement ? cell : el('td', {}, cell)));
const WORDS = {OFFLINE: ['offline', 'bad'], WAITING: ['waiting', 'bad'], RESOLVING: ['resolving', 'wait'],
    CONNECTING: ['connecting', 'wait'], HANDSHAKE: ['handshake', 'wait'], ONLINE: ['online', 'good'], PAUSED: ['paused', 'wait'],
    FAILED: ['failed', 'bad']};
const words = state => WORDS[state] || [state, 'wait'];
const laneName = lane => lane === 4 ? 'QoS 0' : 'lane ' + lane;
const isStoreWell = client => client.store === 'OK' || client.store === 'OPENING';
const isWell = client => client.state === 'ONLINE' && isStoreWell(client) && !client.error;

/* ---- the stream ---- */

let token = '';
let stream = null;      // what aborts it
let attempt = 0;
const selected = {client: '', tail: ''};
const wanted = () => new URLSearchParams(location.hash.slice(1)).get('client') || '';

function say(state, text) {
    $('stream').dataset.state = state;
    setText($('stream'), text);
}

async function connect() {
    const mine = ++attempt;
    stream?.abort();
    const abort = stream = new AbortController();
    const query = new URLSearchParams({client: selected.client, tail: selected.tail});
    try {
        const response = await fetch(base + 'events?' + query, {signal: abort.signal, cache: 'no-store', redirect: 'error',
            headers: {'X-Mqtt-Page': pageId}});
        if (response.ok && !(response.headers.get('Content-Type') || '').startsWith('text/event-stream')) {
            throw new Error('The answer is not from the gateway; perhaps you have to log in.');
        }
        if (!response.ok) {
            throw Object.assign(new Error((await response.text()).trim().slice(0, 300) || 'The gateway answers ' + response.status + '.'),
                {refused: response.status === 400});
        }
        say('live', 'Live');
        const begun = performance.now();
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        let text = '';
        for (let part = await reader.read(); !part.done; part = await reader.read()) {
            text += part.value;
            const blocks = text.split('\n\n');
            text = blocks.pop();
            blocks.forEach(take);
        }
        if (mine === attempt && performance.now() - begun < SHORT_MS) {
            throw new Error('The stream ended at once.');
        }
        return mine === attempt && connect(); // it stops, or the client of the tail has come or gone
    } catch (failure) {
        if (mine !== attempt) {
            return; // another has taken its place
        }
        token = '';
        if (failure.refused) {
            stopTail(failure.message); // a filter that is not allowed is not asked for again
        }
        say('lost', 'Not live: ' + failure.message + ' The values shown are old. Trying again …');
        setTimeout(() => mine === attempt && connect(), RETRY_MS);
    }
}

function take(block) {
    const match = /^event: (\w+)\ndata: (.*)$/.exec(block);
    if (match && handlers[match[1]]) {
        handlers[match[1]](JSON.parse(match[2]));
    }
}

const handlers = {
    hello(data) { token = data.token; },
    renew() { connect(); },
    refused(data) { stopTail(data.words); connect(); },
    clients: takeClients,
    client: takeClient,
    subscriptions: takeSubscriptions,
    events: takeEvents,
    tail: takeTail,
    waiting: takeWaiting,
    deadletters: takeDeadLetters,
    answer(data) { answer(data.well, data.words); },
};

async function act(what, parameters) {
    try {
        const response = await fetch(base + 'action', {method: 'POST', cache: 'no-store',
            headers: {'X-Mqtt-Page': pageId, 'X-Mqtt-Token': token},
            body: new URLSearchParams({do: what, client: selected.client, ...parameters})});
        if (!response.ok) {
            answer(false, (await response.text()).trim());
        }
    } catch (failure) {
        answer(false, 'The gateway cannot be reached: ' + failure.message);
    }
}

function answer(well, text) {
    $('answer').dataset.tone = well ? 'good' : 'bad';
    $('answer').replaceChildren(...visible(text));
}

/* ---- the list ---- */

const clients = new Map();
const buttons = new Map();

function takeClients(data) {
    if (data.whole) {
        clients.clear();
    }
    data.left.forEach(name => clients.delete(name));
    data.rows.forEach(client => clients.set(client.name, client));
    list();
    if (!selected.client && clients.size > 0) {
        select([...clients.values()].sort(byTrouble)[0].name, false);
    }
}

const byTrouble = (a, b) => isWell(a) - isWell(b) || (a.name < b.name ? -1 : 1);

function list() {
    const wanted = $('search').value.toLowerCase();
    const troubled = $('troubled').checked;
    const shown = [...clients.values()].filter(client => client.name.toLowerCase().includes(wanted)
        && !(troubled && isWell(client))).sort(byTrouble);
    const well = [...clients.values()].filter(isWell).length;
    $('count').ariaLive = document.activeElement === $('search') ? 'polite' : 'off'; // or an outage is constant talk
    setText($('count'), plural(clients.size, 'client') + ', ' + number(well) + ' healthy'
        + (shown.length > MOST_ROWS ? '; ' + MOST_ROWS + ' of ' + number(shown.length) + ' shown, search for the others' : ''));
    const items = shown.slice(0, MOST_ROWS).map(client => {
        let item = buttons.get(client.name);
        if (!item) {
            item = el('li', {}, el('button', {type: 'button', onclick: () => select(client.name, true)}, bdi(client.name),
                el('small')));
            buttons.set(client.name, item);
        }
        const [text, tone] = words(client.state);
        const small = item.querySelector('small');
        const store = isStoreWell(client) ? '' : 'store ' + client.store.toLowerCase();
        setText(small, (client.error ? 'configuration rejected' : !store ? text
            : client.state === 'ONLINE' ? store : store + ', ' + text) + (client.offline ? ' since ' + when(client.offline) : '')
            + (client.backlog > 0 ? ', ' + number(client.backlog) + ' pending' : ''));
        small.dataset.tone = isWell(client) ? tone : tone === 'good' ? 'bad' : tone;
        const button = item.firstChild;
        client.name === selected.client ? button.setAttribute('aria-current', 'true') : button.removeAttribute('aria-current');
        return item;
    });
    for (const name of buttons.keys()) {
        clients.has(name) || buttons.delete(name);
    }
    const before = [...$('clients').children];
    if (before.length !== items.length || items.some((item, i) => item !== before[i])) { // or the focus would be lost
        const focused = document.activeElement;
        $('clients').replaceChildren(...items);
        $('clients').contains(focused) && focused.focus();
    }
}

function select(name, focus) {
    selected.client = name;
    stopTail('');
    history.replaceState(null, '', '#client=' + encodeURIComponent(name));
    $('client-name').replaceChildren(...visible(name));
    samples.length = outages.length = 0;
    last = status = null;
    eventRows.clear();
    for (const id of ['events', 'subscriptions', 'lanes', 'samples', 'outages', 'waiting', 'deadletters']) {
        $(id).tBodies[0].replaceChildren();
    }
    $('waiting').hidden = $('deadletters').hidden = $('outages').hidden = true;
    $('answer').textContent = '';
    setVisible($('since'), '');
    $('client').hidden = false;
    list();
    focus && $('client-name').focus();
    connect();
}

/* ---- one client ---- */

let last = null;        // the sample before: counters and time
let status = null;
let stretch = null;     // since when it has been connected, or has not been; begun = the same on this machine's clock
const samples = [];     // {t, out, in, backlog, inFlight, rtt}
const outages = [];     // {from, to}

function takeClient(data) {
    if (data.name !== selected.client) {
        return;
    }
    const t = data.now / 1000;
    if (last && t < last.t) { // another gateway, or its clock was set while the page was away
        samples.length = 0;
        last = null;
    }
    if (!data.there) {
        status = null;
        noteOutage(t, 'GONE', false);
        setState('gone', 'bad', 'gone');
        setVisible($('since'), 'There is no client of this name.');
        setVisible($('next'), '');
        setVisible($('broker'), '');
        [...['explain', 'link', 'store', 'limits', 'figures'].map($), $('lanes').tBodies[0]].forEach(node => node.replaceChildren());
        $('waiting').hidden = $('deadletters').hidden = true;
        actions.forEach(button => { button.disabled = true; });
        return;
    }
    status = data.status;
    stretch = {since: data.since, begun: performance.now() - data.lasts};
    status.nextAt = performance.now() + status.nextAttempt;
    const metrics = data.metrics;
    const per = last ? Math.max(.2, t - last.t) : 0;
    const restarted = last && (metrics.received < last.received || metrics.delivered < last.delivered);
    const sample = {t, out: null, in: null, backlog: metrics.pending, inFlight: metrics.inFlight,
        rtt: metrics.roundTripNanos > 0 && status.state === 'ONLINE' ? metrics.roundTripNanos / 1e6 : null};
    if (last && !restarted) {
        sample.out = (metrics.delivered - last.delivered) / per;
        sample.in = (metrics.received - last.received) / per;
    }
    if (!last || t - last.t > .5) {
        noteOutage(t, status.state, last && metrics.connections > last.connections);
        last = {t, delivered: metrics.delivered, received: metrics.received, connections: metrics.connections};
        samples.push(sample);
        samples.length > WINDOW && samples.shift();
        showSamples();
    }
    setState(...words(status.state), status.state === 'ONLINE' ? 'connected' : 'not connected');
    countDown();
    setSentences($('explain'), data.explain);
    buttonsFor(status);
    takeLanes(data.lanes || []);
    facts(metrics);
}

/** The attempts of an outage are shown, but not said aloud one by one. */
function setState(text, tone, aloud) {
    setText($('state'), text);
    $('state').dataset.tone = tone;
    setText($('aloud'), aloud);
}

function buttonsFor({state, nextAttempt}) {
    const paused = state === 'PAUSED' && nextAttempt === 0;
    const off = {connect: !paused && state !== 'FAILED' && state !== 'OFFLINE', disconnect: paused, reconnect: paused};
    actions.forEach(button => { button.disabled = Boolean(off[button.dataset.do]); });
}

function countDown() {
    if (!status) {
        return;
    }
    setVisible($('since'), (status.state === 'ONLINE' ? 'for ' : 'not connected for ') + span(performance.now() - stretch.begun)
        + ', since ' + time(stretch.since, true));
    setVisible($('broker'), status.broker);
    const left = status.nextAt - performance.now();
    setVisible($('next'), status.nextAttempt > 0 && status.state !== 'ONLINE' ? '– next attempt in ' + span(left)
        + ' (number ' + (status.attempt + 1) + ')' : '');
}
setInterval(countDown, 500);

function noteOutage(t, state, connectedAnew) {
    const open = outages.length > 0 && outages[outages.length - 1].to === null ? outages[outages.length - 1] : null;
    if (state !== 'ONLINE' && !open) {
        outages.push({from: last ? last.t : t, to: null});
    } else if (state === 'ONLINE' && open) {
        open.to = t;
    } else if (state === 'ONLINE' && connectedAnew) { // shorter than a sample
        outages.push({from: last.t, to: t});
    }
    outages.length > MOST_OUTAGES && outages.shift();
    $('outages').hidden = outages.length === 0;
    $('outages').tBodies[0].replaceChildren(...outages.slice().reverse().map(each => row(time(each.from * 1000),
        each.to ? time(each.to * 1000) : 'now', number((each.to || t) - each.from))));
}

function showSamples() {
    const latest = samples[samples.length - 1];
    setText($('now-out'), number(latest.out));
    setText($('now-in'), number(latest.in));
    setText($('now-backlog'), number(latest.backlog));
    setText($('now-in-flight'), number(latest.inFlight));
    setText($('now-rtt'), latest.rtt == null ? '–' : latest.rtt < 10 ? latest.rtt.toFixed(1) : number(latest.rtt));
    if ($('samples').closest('details').open) {
        $('samples').tBodies[0].replaceChildren(...samples.slice(-20).reverse().map(each => row(time(each.t * 1000), number(each.out),
            number(each.in), number(each.backlog), each.rtt == null ? '–' : each.rtt.toFixed(1))));
    }
    document.hidden || charts.forEach(chart => chart.update());
}

function takeLanes(lanes) {
    const body = $('lanes').tBodies[0];
    lanes.forEach((lane, i) => {
        let tr = body.rows[i];
        if (!tr) { // made once: a button must not go away under the finger
            const name = laneName(lane.lane) + ({0: ' alarm', 2: ' normal', 3: ' bulk'}[lane.lane] || '');
            tr = row(el('th', {scope: 'row'}, name), '', '', '', '', el('div', {className: 'buttons'},
                el('button', {type: 'button', ariaLabel: 'Show the oldest waiting messages of ' + name,
                    onclick: () => act('waiting', {lane: lane.lane})}, 'Show oldest'),
                el('button', {type: 'button', className: 'danger', ariaLabel: 'Cancel the waiting messages of ' + name,
                    onclick: () => cancel(lane.lane, name)}, 'Cancel messages …')));
            body.append(tr);
        }
        setText(tr.cells[1], number(lane.waiting));
        setText(tr.cells[2], number(lane.inFlight));
        setText(tr.cells[3], bytes(lane.bytes));
        setText(tr.cells[4], lane.oldestMillis > 0 ? span(lane.oldestMillis) : '–');
        tr.querySelectorAll('button').forEach(button => { // the focus would be lost
            button.disabled = lane.waiting === 0 && button !== document.activeElement;
        });
        tr.dataset.waiting = lane.waiting;
    });
}

function cancel(lane, name) {
    const dialog = $('cancel');
    const client = selected.client; // another may be selected before the answer
    const count = $('lanes').tBodies[0].rows[lane].dataset.waiting;
    $('cancel-words').textContent = plural(Number(count), 'message') + ' of ' + name + ' of the client “' + client
        + '”, and those accepted until you answer, will be cancelled and never be sent. Messages in flight are not affected.';
    dialog.returnValue = '';
    dialog.onclose = () => {
        if (dialog.returnValue === 'yes') {
            $('waiting').hidden = true; // what it shows is about to go
            act('cancel', {lane, client});
        }
    };
    dialog.showModal();
}

function takeDeadLetters(data) {
    const client = selected.client;
    $('deadletters').hidden = false;
    $('deadletters').caption.textContent = 'Dead letters that are kept, the oldest first: ' + data.letters.length;
    $('deadletters').tBodies[0].replaceChildren(...data.letters.map(letter => row(String(letter.id),
        el('td', {className: 'wide'}, bdi(letter.topic)), letter.qos, bytes(letter.payloadBytes), span(letter.ageMillis),
        el('div', {className: 'buttons'},
            el('button', {type: 'button', ariaLabel: 'Send dead letter ' + letter.id + ' again',
                onclick: () => act('resend', {id: letter.id, client})}, 'Send again'),
            el('button', {type: 'button', className: 'danger', ariaLabel: 'Drop dead letter ' + letter.id,
                onclick: () => drop(letter, client)}, 'Drop …')))));
}

function drop(letter, client) {
    const dialog = $('drop');
    $('drop-words').textContent = 'Dead letter ' + letter.id + ' of the client “' + client + '” on ' + letter.topic
        + ' will be gone for good.';
    dialog.returnValue = '';
    dialog.onclose = () => {
        if (dialog.returnValue === 'yes') {
            act('drop', {id: letter.id, client});
        }
    };
    dialog.showModal();
}

function takeWaiting(data) {
    $('waiting').hidden = false;
    $('waiting').caption.textContent = 'Oldest waiting messages of ' + laneName(data.lane) + ' in memory: ' + data.messages.length;
    answer(true, $('waiting').caption.textContent + ', shown below the queue.');
    $('waiting').tBodies[0].replaceChildren(...data.messages.map(message => row(String(message.id),
        el('td', {className: 'wide'}, bdi(message.topic)), message.qos, bytes(message.payloadBytes), span(message.ageMillis))));
}

function takeSubscriptions(all) {
    $('subscriptions').tBodies[0].replaceChildren(...(all || []).map(each => row(el('td', {className: 'wide'}, bdi(each.filter)),
        qos(each.qos), grant(each.granted), el('td', {className: 'wide'}, bdi(each.listeners.concat(each.departed.map(name =>
            name + ' (gone)')).join(', '))), number(each.waiting) + (each.discards ? ', ' + number(each.discards) + ' dropped' : ''))));
}

const qos = level => String(['AT_MOST_ONCE', 'AT_LEAST_ONCE', 'EXACTLY_ONCE'].indexOf(level));
const grant = answered => answered.code === -1 ? 'no answer yet' : answered.code <= 2 ? 'QoS ' + answered.code
    : bdi('refused, code ' + answered.code + (answered.reason ? ': ' + answered.reason : ''));

const eventRows = new Map();

function takeEvents(all) {
    const body = $('events').tBodies[0];
    for (const event of all) { // what repeats itself is one row that comes up again
        eventRows.get(event.id)?.remove();
        const tr = row(el('td', {className: 'time'}, time(event.last, true)), el('td', {className: 'wide'},
            el('b', {}, event.kind.toLowerCase().replaceAll('_', ' ')), ' ', bdi(event.text), event.count > 1
                ? el('span', {className: 'mark'}, ' ' + number(event.count) + ' times since ' + time(event.first, true)) : ''));
        eventRows.set(event.id, tr);
        body.prepend(tr);
    }
    while (body.rows.length > MOST_EVENTS) {
        body.deleteRow(-1);
    }
    eventRows.forEach((tr, id) => tr.isConnected || eventRows.delete(id));
}

function facts(metrics) {
    const limits = status.limits;
    define('link', {'Client identifier': status.clientId, 'Protocol': status.protocol, 'Session resumed': status.sessionPresent ? 'yes' : 'no',
        'Last reason code': status.reasonCode, 'Configuration': status.configurationError || 'in force',
        'Connections': number(metrics.connections), 'Attempts': number(metrics.attempts), 'Sessions lost': number(metrics.sessionsLost)});
    define('store', {'Store': status.store + (status.storeReason ? ': ' + status.storeReason : ''), 'Size': bytes(metrics.storeBytes),
        'Written': bytes(metrics.storeBytesWritten), 'Forced': number(metrics.storeForces),
        'Damaged records': number(metrics.storeRecordsSkipped), 'Quarantined segments': number(metrics.storeSegmentsQuarantined)});
    const granted = {'Receive maximum': number(limits.receiveMaximum), 'Maximum QoS': qos(limits.maximumQos),
        'Largest packet': bytes(limits.maximumPacketBytes), 'Keepalive of the broker': limits.keepAliveSeconds < 0 ? 'as configured'
            : limits.keepAliveSeconds + ' s', 'Session expiry': limits.sessionExpirySeconds < 0 ? 'as configured'
            : limits.sessionExpirySeconds + ' s', 'Retained messages': limits.retainAvailable ? 'yes' : 'no',
        'Shared subscriptions': limits.sharedSubscriptions ? 'yes' : 'no', 'Wildcards': limits.wildcardSubscriptions ? 'yes' : 'no',
        'Subscription identifiers': limits.subscriptionIdentifiers ? 'yes' : 'no', 'Topic aliases': number(limits.topicAliasMaximum)};
    for (const name in granted) { // those of the latest connection
        granted[name] = metrics.connections === 0 ? '–' : granted[name];
    }
    define('limits', granted);
    define('figures', {'Pending': number(metrics.pending) + ', ' + bytes(metrics.pendingBytes), 'In flight': number(metrics.inFlight),
        'Oldest pending': metrics.oldestMillis ? span(metrics.oldestMillis) : '–', 'Accepted': number(metrics.accepted),
        'Delivered': number(metrics.delivered), 'Rejected': number(metrics.rejected), 'Expired': number(metrics.expired),
        'Dropped': number(metrics.dropped), 'Cancelled': number(metrics.cancelled), 'Refused': number(metrics.refused),
        'Dead-lettered': number(metrics.deadLettered), 'Lost with the stop': number(metrics.closed),
        'Resent': number(metrics.resent), 'Received': number(metrics.received), 'Received, dropped': number(metrics.receivedDropped),
        'Unhandled': number(metrics.unhandled), 'Listener failures': number(metrics.listenerFailures),
        'Subscriptions refused': number(metrics.subscriptionsRefused), 'Events dropped': number(metrics.eventsDropped)});
}

function define(id, entries) {
    const list = $(id);
    Object.entries(entries).forEach(([name, value], i) => {
        const dd = list.children[2 * i + 1] || (list.append(el('dt', {}, name), el('dd')), list.lastChild);
        const text = String(value);
        if (dd.title !== text) {
            dd.title = text;
            dd.replaceChildren(bdi(text));
        }
    });
}

/* ---- messages ---- */

function takeTail(data) {
    const table = $('tail');
    table.hidden = false;
    const rows = data.messages.map(message => row(el('td', {className: 'time'}, time(message.time)),
        el('td', {className: 'wide'}, bdi(message.topic), message.topicLength > message.topic.length
            ? el('span', {className: 'mark'}, ' … ' + number(message.topicLength) + ' characters') : ''),
        String(message.qos) + (message.retained ? ', retained' : ''), bytes(message.bytes),
        el('td', {className: 'wide'}, el('code', {tabIndex: 0}, el('bdi', {dir: 'auto'}, message.text != null ? visible(message.text) : message.hex),
            message.whole ? '' : el('span', {className: 'mark'}, ' … cut, ' + number(message.bytes) + ' bytes in all')))));
    if (data.left > 0) {
        rows.push(row(el('td', {colSpan: 5, className: 'mark'}, plural(data.left, 'more message') + ' skipped')));
    }
    table.tBodies[0].prepend(...rows.reverse());
    while (table.tBodies[0].rows.length > MOST_MESSAGES) {
        table.tBodies[0].deleteRow(-1);
    }
}

$('tail-form').onsubmit = event => {
    event.preventDefault();
    selected.tail = $('filter').value;
    $('tail').tBodies[0].replaceChildren();
    $('tail').hidden = true;
    $('tail-stop').disabled = false;
    $('tail-note').textContent = 'At most 20 messages a second are shown; the others are counted.';
    connect();
};

function stopTail(why) {
    selected.tail = '';
    $('tail-stop').disabled = true;
    $('tail-note').replaceChildren(...visible(why || 'A subscription with QoS 0, as long as this page shows it.'));
}

$('tail-stop').onclick = () => {
    stopTail('');
    $('filter').focus();
    connect();
};

$('publish-form').onsubmit = event => {
    event.preventDefault();
    act('publish', Object.fromEntries(new FormData(event.target)));
};

const actions = [...$('actions').children];
$('show-deadletters').onclick = () => act('deadletters', {});
$('actions').onclick = event => event.target.dataset.do && act(event.target.dataset.do, {});
$('search').oninput = $('troubled').onchange = list;

/* ---- charts ---- */

const charts = [];

function chart(title, unit, series) {
    const box = el('div');
    const figure = el('figure', {}, el('figcaption', {}, el('span', {}, title), series.map(each => el('span', {className: 'key key-'
        + each.key}, each.label + ' ', el('b', {id: each.id}, '–'), ' ' + unit))), box);
    $('charts').append(figure);
    let plot = null;
    const colour = name => getComputedStyle(root).getPropertyValue('--' + name).trim();
    const data = () => [samples.map(each => each.t), ...series.map(each => samples.map(sample => sample[each.field]))];
    const bands = u => {
        u.ctx.save();
        u.ctx.fillStyle = colour('band');
        for (const outage of outages) {
            const left = Math.max(u.bbox.left, u.valToPos(outage.from, 'x', true));
            const right = Math.min(u.bbox.left + u.bbox.width, outage.to ? u.valToPos(outage.to, 'x', true) : Infinity);
            right > left && u.ctx.fillRect(left, u.bbox.top, Math.max(2, right - left), u.bbox.height);
        }
        u.ctx.restore();
    };
    const make = () => {
        plot?.destroy();
        const axis = {stroke: colour('soft'), grid: {stroke: colour('line'), width: 1}, ticks: {stroke: colour('line'), width: 1}};
        const latest = () => samples.length ? samples[samples.length - 1].t : Date.now() / 1000;
        plot = new uPlot({width: Math.max(200, box.clientWidth), height: 150, legend: {show: false}, cursor: {show: false},
            scales: {x: {range: () => [Math.min(latest() - 60, Math.max(latest() - WINDOW, samples.length ? samples[0].t : 0)),
                latest()]}, y: {range: (u, low, high) => [0, Math.max(1, high || 0) * 1.1]}},
            axes: [{...axis, space: 70, values: (u, ticks) => ticks.map(tick => time(tick * 1000))},
                {...axis, size: 56, incrs: [0, 1, 2, 3, 4, 5, 6, 7].flatMap(power => [1, 2, 5].map(n => n * 10 ** power)), values: (u, ticks) => ticks.map(number)}],
            series: [{}, ...series.map(each => ({stroke: colour(each.key), width: 2, dash: each.key === 'two' ? [6, 4] : [],
                points: {show: false}, spanGaps: false}))],
            hooks: {drawClear: [bands]}}, data(), box);
        plot.root.setAttribute('aria-hidden', 'true'); // the figures and the table say the same
    };
    make();
    new ResizeObserver(() => plot.width !== box.clientWidth && box.clientWidth > 0
        && plot.setSize({width: box.clientWidth, height: 150})).observe(box);
    charts.push({update: () => plot.setData(data()), make});
}

chart('Messages per second', '/s', [{label: 'out', field: 'out', key: 'one', id: 'now-out'},
    {label: 'in', field: 'in', key: 'two', id: 'now-in'}]);
chart('Backlog', 'messages', [{label: '', field: 'backlog', key: 'one', id: 'now-backlog'}]);
chart('In flight', 'messages', [{label: '', field: 'inFlight', key: 'one', id: 'now-in-flight'}]);
chart('Round trip', 'ms', [{label: '', field: 'rtt', key: 'one', id: 'now-rtt'}]);
$('charts').after(el('p', {className: 'key key-band'}, 'not connected'));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => charts.forEach(each => each.make()));
document.addEventListener('visibilitychange', () => document.hidden || charts.forEach(each => each.update()));
$('samples').closest('details').addEventListener('toggle', () => samples.length && showSamples());

// A page that is left may be kept by the browser, with its stream: that would go on at the gateway.
addEventListener('pagehide', () => {
    attempt++;
    stream?.abort();
});
addEventListener('pageshow', event => event.persisted && connect());
addEventListener('hashchange', () => wanted() && wanted() !== selected.client && select(wanted(), true));

if (wanted()) {
    select(wanted(), false);
} else {
    connect();
}
})();
