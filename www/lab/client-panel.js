import { C, DeepstreamClient } from 'deepstream-wasm';
import { CallsPanel } from './calls-panel.js';
import { ConnectionDetails, reasonInWords } from './connection-details.js';
import { asText, byRole, onPress, setAvailable } from '../dom.js';
import { LogList } from '../log-list.js';
import { PresenceView } from './presence-view.js';
import { OutboxView } from '../outbox-view.js';
import { RecordPanel } from './record-panel.js';
import { ReceivedList } from './received-list.js';
import { SequenceLedger } from './sequence-ledger.js';
import { toneOf } from '../states.js';
import { envelope, readEnvelope, senderKey } from './traffic.js';

const BURST_SIZE = 100;
const { OPEN, AUTHENTICATING, PAUSING, OFFLINE, CLOSING, CLOSED, ERROR } = C.CONNECTION_STATE;

/**
 * One client with everything to watch and steer it; a closed client is replaced by a new one in the
 * same panel. Dispatches `state` with the state's name as detail.
 */
export class ClientPanel extends EventTarget {
  /** The `DeepstreamClient` on show; undefined if it could not be made. */
  client;

  #root;
  #name;
  #url;
  #options;
  #traffic;
  #uid = '';
  #state = CLOSED;
  #hasStarted = false;
  #subscribedEvent = null;
  #onEvent = null;
  #published = 0;
  #waiting = 0;
  #frame;
  #ledger = new SequenceLedger();
  #details;
  #calls;
  #outbox;
  #log;
  #received;
  #presence;
  #records;
  #buttons;

  /**
   * @param root the panel's element, made from the template
   * @param traffic what the panels of this page know of one another
   * @param provides whether the client answers calls from the start
   */
  constructor(root, { name, url, options, traffic, provides }) {
    super();
    this.#root = root;
    this.#name = name;
    this.#url = url;
    this.#options = options;
    this.#traffic = traffic;
    this.#details = new ConnectionDetails(root);
    this.#calls = new CallsPanel(root, { name, provides });
    this.#outbox = new OutboxView(byRole(root, 'part-outbox'));
    this.#log = new LogList(byRole(root, 'log'));
    this.#received = new ReceivedList(byRole(root, 'received'));
    this.#presence = new PresenceView(root, (words) => this.#log.note(words));
    this.#records = new RecordPanel(root, (words) => this.#log.note(words));
    byRole(root, 'user-name').value = name;
    this.#buttons = Object.fromEntries(
      ['login', 'pause', 'resume', 'close', 'new-client', 'send', 'burst', 'log-in-as'].map((role) => [
        role,
        byRole(root, role),
      ]),
    );
    this.#connectControls();
    traffic.addEventListener('published', ({ detail }) => this.#expect(detail.event, detail.envelope));
    traffic.addEventListener('delivered', ({ detail }) => {
      if (detail.envelope.sender !== this.#uid) return;
      this.#received.reached(detail.event, detail.envelope, detail.receiver);
    });
    this.renew();
  }

  /** The name of the client's connection state. */
  get state() {
    return this.#state;
  }

  /** Closes the present client, if there is one, and begins with a new one that logs in at once. */
  renew() {
    this.client?.close();
    this.#hasStarted = false;
    this.#subscribedEvent = null;
    this.#published = 0;
    this.#waiting = 0;
    this.#ledger = new SequenceLedger();

    let client;
    try {
      client = new DeepstreamClient(this.#url, this.#options);
    } catch (error) {
      this.client = undefined;
      this.#details.watch(undefined);
      this.#presence.watch(undefined);
      this.#records.watch(undefined);
      this.#calls.watch(undefined);
      this.#outbox.watch(undefined);
      this.#log.error(asText(error), 'new DeepstreamClient', this.#url);
      this.#render();
      return;
    }
    this.client = client;
    this.#uid = client.getUid();
    byRole(this.#root, 'uid').textContent = this.#uid;
    this.#details.watch(client);
    this.#calls.watch(client);
    this.#outbox.watch(client);
    this.#listenTo(client);
    this.#enter(client.getConnectionState());
    this.#subscribe();
    this.#presence.watch(client);
    this.#records.watch(client);
    this.login();
  }

  /** Logs in as the user whom the panel names. */
  login() {
    const username = byRole(this.#root, 'user-name').value.trim() || this.#name;
    const call = `login({ username: '${username}' })`;
    this.#log.call(call);
    this.#tell(this.client.login({ username }), call);
  }

  pause() {
    this.#log.call('pause()');
    this.client.pause();
  }

  resume() {
    this.#log.call('resume()');
    this.#tell(this.client.resume(), 'resume()');
  }

  close() {
    this.#log.call('close()');
    this.client.close();
  }

  /** Publishes `text`, `count` times in a row. */
  publish(text, count = 1) {
    this.#subscribe();
    const event = this.#subscribedEvent;
    let burst;
    for (let index = 0; index < count; index += 1) {
      const sequence = this.#traffic.nextSequence(event, this.#uid);
      if (count > 1) burst ??= { first: sequence, size: count };
      this.#emit(event, { sequence, text, burst });
    }
    this.#render();
  }

  #emit(event, fields) {
    const isWaiting = this.#state !== OPEN;
    const message = envelope({
      sender: this.#uid,
      name: this.#name,
      queuedWhile: isWaiting ? this.#state : undefined,
      ...fields,
    });
    this.#published += 1;
    this.#traffic.announce('published', { event, envelope: message });
    this.client.event.emit(event, message);
  }

  #listenTo(client) {
    const whileCurrent = (action) => (...details) => {
      if (client === this.client) action(...details);
    };
    client.on('connectionStateChanged', whileCurrent((state) => this.#enter(state)));
    client.on('error', whileCurrent((error, event, topic) => this.#log.error(asText(error), event, topic)));
    client.on('clientDataChanged', whileCurrent((data) => this.#log.note(`client data: ${asText(data)}`)));
    client.on('reauthenticationFailure', whileCurrent((reason) => {
      this.#log.error(asText(reason), 'reauthenticationFailure', 'AUTH');
    }));
    client.on('MAX_RECONNECTION_ATTEMPTS_REACHED', whileCurrent((attempts) => {
      this.#log.error(`after ${attempts}`, 'MAX_RECONNECTION_ATTEMPTS_REACHED', 'CONNECTION');
    }));
    client.on('lostConnection', whileCurrent(({ reason }) => this.#log.lost(reasonInWords(reason))));
    client.on('restoredConnection', whileCurrent((_, downtime) => this.#log.restored(downtime)));
    client.outbox.on('changed', whileCurrent(() => {
      this.#waiting = client.outbox.size;
      this.#renderSoon();
    }));
    client.outbox.on('dropped', whileCurrent((entries, reason) => this.#log.note(`${reason}: ${entries.length} waiting`)));
    client.on('resubscribed', whileCurrent(({ topic, names, gap }) => this.#log.resubscribed(topic, names, gap)));
  }

  #enter(state) {
    if (this.#state === OPEN && state !== OPEN) this.#ledger.interrupt();
    this.#state = state;
    if (state !== CLOSED) this.#hasStarted = true;
    this.#log.state(state);
    if (state === CLOSED && this.#waiting > 0) {
      this.#log.note(`left to the next client: ${this.#waiting} waiting`);
      this.#waiting = 0;
    }
    this.#render();
    this.#calls.enter(state, this.#isOver() && state === CLOSED);
    if (this.#isOver() && state === CLOSED) this.#records.end();
    this.dispatchEvent(new CustomEvent('state', { detail: state }));
  }

  /** Listens to the event that the panel names, and to no other. */
  #subscribe() {
    const event = byRole(this.#root, 'event-name').value.trim();
    if (event === '' || event === this.#subscribedEvent) return;
    if (this.#subscribedEvent !== null) {
      this.client.event.unsubscribe(this.#subscribedEvent, this.#onEvent);
    }
    const { client } = this;
    this.#onEvent = (payload) => {
      if (client === this.client) this.#receive(event, payload);
    };
    client.event.subscribe(event, this.#onEvent);
    this.#subscribedEvent = event;
    for (const [sender, sequence] of this.#traffic.lastSequences(event)) {
      // The server has not confirmed the subscription yet: what is published now may pass by.
      this.#ledger.expectAfter(senderKey(event, sender), sequence, true);
    }
  }

  /** Another client of this page begins to publish what this one listens to. */
  #expect(event, { sender, sequence }) {
    const key = senderKey(event, sender);
    if (event !== this.#subscribedEvent || sender === this.#uid || this.#ledger.knows(key)) return;
    this.#ledger.expectAfter(key, sequence - 1, this.#state !== OPEN);
  }

  #receive(event, payload) {
    const message = readEnvelope(payload);
    if (message === null) {
      this.#received.foreign(event, payload);
      return;
    }
    const local = message.sender === this.#uid;
    const here = this.#traffic.isHere(event, message.sender);
    const { duplicate } = local ? { duplicate: false } : this.#count(event, message);
    this.#received.message(event, message, { local, here, duplicate });
    if (!local) {
      this.#traffic.announce('delivered', { event, envelope: message, receiver: this.#name });
    }
    this.#render();
  }

  #count(event, { sender, name, sequence }) {
    const key = senderKey(event, sender);
    // Nobody here knows what a sender in another window has published before.
    if (!this.#ledger.knows(key)) this.#ledger.expectAfter(key, sequence - 1);
    const result = this.#ledger.receive(key, sequence);
    if (result.passedOver > 0) this.#received.gap(name, result.passedOver, result.whileAway);
    return result;
  }

  async #tell(promise, call) {
    try {
      const data = await promise;
      this.#log.note(data ? `${call} succeeded: ${asText(data)}` : `${call} succeeded`);
    } catch (reason) {
      this.#log.note(`${call} did not succeed: ${asText(reason ?? 'no reason given')}`);
    }
  }

  #connectControls() {
    onPress(this.#buttons.login, () => this.login());
    onPress(this.#buttons.pause, () => this.pause());
    onPress(this.#buttons.resume, () => this.resume());
    onPress(this.#buttons.close, () => this.close());
    onPress(this.#buttons['new-client'], () => this.renew());

    byRole(this.#root, 'identify').addEventListener('submit', (submission) => {
      submission.preventDefault();
      if (!this.#canLogIn()) return;
      this.login();
      this.#presence.ask();
    });

    const message = byRole(this.#root, 'message');
    const form = byRole(this.#root, 'publish');
    form.addEventListener('submit', (submission) => {
      submission.preventDefault();
      if (this.#canPublish()) this.publish(message.value);
    });
    onPress(this.#buttons.burst, () => {
      if (form.reportValidity()) this.publish(message.value, BURST_SIZE);
    });
    byRole(this.#root, 'event-name').addEventListener('change', () => {
      if (this.#canPublish()) this.#subscribe();
    });
  }

  #canLogIn() {
    const isPaused = this.#state === PAUSING || this.#state === OFFLINE;
    return !this.#isOver() && !isPaused && this.#state !== CLOSING;
  }

  #canPublish() {
    return this.client !== undefined && !(this.#isOver() && this.#state !== ERROR);
  }

  /** Whether the client has ended in a state it does not leave by itself. */
  #isOver() {
    return this.client === undefined || (this.#hasStarted && toneOf(this.#state) === 'bad');
  }

  /** Many changes in a row are shown once. */
  #renderSoon() {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#render();
    });
  }

  #render() {
    const state = byRole(this.#root, 'state');
    state.textContent = this.#state;
    state.dataset.tone = toneOf(this.#state);
    this.#root.dataset.state = this.#state;

    const numbers = {
      'published-count': this.#published,
      'waiting-count': this.#waiting,
      'received-count': this.#ledger.received,
      'missing-count': this.#ledger.missing,
      'duplicate-count': this.#ledger.duplicate,
      'away-count': this.#ledger.missedWhileAway,
    };
    for (const [role, value] of Object.entries(numbers)) {
      const counter = byRole(this.#root, role);
      counter.textContent = value;
      counter.parentElement.toggleAttribute('data-some', value > 0);
    }
    this.#renderButtons();
  }

  #renderButtons() {
    const state = this.#state;
    const isOver = this.#isOver();
    const isPaused = state === PAUSING || state === OFFLINE;
    const isClosed = this.client === undefined || (isOver && state === CLOSED);
    const { login, pause, resume, close, send, burst } = this.#buttons;
    const newClient = this.#buttons['new-client'];
    setAvailable(login, this.#canLogIn() && state !== OPEN && state !== AUTHENTICATING);
    setAvailable(pause, !isOver && !isPaused && state !== CLOSING);
    setAvailable(resume, isPaused || state === ERROR);
    setAvailable(this.#buttons['log-in-as'], this.#canLogIn());
    setAvailable(send, this.#canPublish());
    setAvailable(burst, this.#canPublish());

    const focused = document.activeElement;
    close.hidden = isClosed;
    newClient.hidden = !isOver;
    if (focused === close && isClosed) newClient.focus();
    if (focused === newClient && !isOver) close.focus();
  }
}
