import { Application } from './application.js';
import { byRole, onPress } from './dom.js';
import { Ledger } from './ledger.js';
import { LogList } from './log-list.js';
import { toneOf } from './states.js';

/** What does not last longer than this is not held against a client, in milliseconds. */
const TOLERANCE = 2000;
const CHECK_INTERVAL = 200;

const STATES = { OPEN: 'Connected', PAUSING: 'Pausing', OFFLINE: 'Paused', CLOSING: 'Closing' };

/**
 * One of the two applications with the client it runs on, and what is counted of it. Dispatches `state` with `status`
 * as detail, and `sent`, `arrived` and `lost` with a line's number.
 */
export class Side extends EventTarget {
  /** The client that is on show. */
  client;
  application;

  #root;
  #kind;
  #onClient;
  #url;
  #user;
  #robin;
  #kept;
  #ledger;
  #log;
  #numbers;
  /** Changes of the note that the client took back. */
  #takenBack = 0;
  /** The change of one's own that is on the screen. */
  #shownChange = 0;
  #truth;
  #hasBeenOpen = false;
  #openSince;
  #awaySince;
  #awayBefore = 0;
  /** A client that has just been made is closed, as one that has given up is. */
  #hasStarted = false;
  #wrong = 0;
  #wrongSince;
  #checkedAt = Date.now();

  /**
   * @param root the element of this side
   * @param kind one of `CLIENTS`
   * @param room what tells this window from others: `{ topic, user, robin }`
   * @param onClient called with each client that it begins with
   * @param kept what `toJSON` gave before the page was reloaded
   */
  constructor(root, { kind, url, topic, user, robin, logRoot, onClient, kept }) {
    super();
    this.#root = root;
    this.#kind = kind;
    this.#onClient = onClient;
    this.#url = url;
    this.#user = user;
    this.#robin = robin;
    this.#ledger = new Ledger(kept?.ledger);
    this.#numbers = kept?.numbers ?? { line: 0, change: 0 };
    this.#takenBack = kept?.takenBack ?? 0;
    this.#shownChange = kept?.shownChange ?? 0;
    this.#awayBefore = kept?.away ?? 0;
    this.#wrong = kept?.wrong ?? 0;
    this.#log = new LogList(logRoot);
    this.application = new Application(root, { topic, numbers: this.#numbers });
    this.application.addEventListener('said', ({ detail: number }) => {
      this.#ledger.send(number, Date.now());
      this.#tell('sent', number);
    });
    this.application.addEventListener('wrote', ({ detail: number }) => {
      this.#shownChange = number;
    });
    this.application.addEventListener('noted', () => this.#compareOwnChange());
    onPress(byRole(root, 'again'), () => this.start());
    setInterval(() => this.#check(), CHECK_INTERVAL);
    this.start();
  }

  /** Begins with a new client. */
  start() {
    this.client?.close();
    const client = this.#kind.make(this.#url);
    this.client = client;
    this.#hasStarted = false;
    client.on('connectionStateChanged', (state) => client === this.client && this.#enter(state));
    client.on('error', (error, event, topic) => client === this.client && this.#log.error(String(error), event, topic));
    this.#onClient?.(client);
    this.application.start(client, this.#user);
    this.#enter(client.getConnectionState());
    this.#check();
  }

  /** The state of the client in plain words, and its tone as in states.js. */
  get status() {
    const state = this.client.getConnectionState();
    const underWay = this.#hasBeenOpen ? 'Reconnecting' : 'Connecting';
    const tone = this.#hasStarted ? toneOf(state) : 'busy';
    return { tone, words: this.#isOver ? 'Has given up' : (STATES[state] ?? underWay) };
  }

  /** What has become of everything so far. */
  get score() {
    return {
      sent: this.#ledger.sent,
      waiting: this.#ledger.waiting,
      lost: this.#ledger.lost + this.#takenBack,
      repeated: this.#ledger.repeated,
      wrong: this.#wrong,
      away: this.#away(),
    };
  }

  /** The server has taken in this line. */
  arrive(number) {
    this.#ledger.arrive(number);
    this.application.mark(number, 'arrived');
    this.#tell('arrived', number);
    this.#check();
  }

  /** Robin was shown this line. */
  read(number) {
    this.#ledger.read(number);
  }

  /** The note as the server has it. */
  learn(note) {
    this.#truth = note;
  }

  toJSON() {
    return {
      ledger: this.#ledger.toJSON(),
      numbers: this.#numbers,
      takenBack: this.#takenBack,
      shownChange: this.#shownChange,
      away: this.#away(),
      wrong: this.#wrong,
    };
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  get #isOver() {
    return this.#hasStarted && toneOf(this.client.getConnectionState()) === 'bad';
  }

  #enter(state) {
    const now = Date.now();
    if (state !== 'CLOSED') this.#hasStarted = true;
    this.#log.state(state);
    if (state === 'OPEN') {
      this.#hasBeenOpen = true;
      this.#openSince = now;
      this.#awayBefore = this.#away();
      this.#awaySince = undefined;
    } else {
      this.#openSince = undefined;
      if (this.#hasBeenOpen) this.#awaySince ??= now;
    }
    this.#tell('state', this.status);
    this.#check();
  }

  #away() {
    return this.#awayBefore + (this.#awaySince === undefined ? 0 : Date.now() - this.#awaySince);
  }

  /** What somebody has written, seen, and does not see any more, is lost; nobody else writes here. */
  #compareOwnChange() {
    const shown = this.application.note.you?.number ?? 0;
    // Before the client has asked the server it has nothing to show.
    if (this.#openSince === undefined && shown === 0) return;
    this.#takenBack += Math.max(0, this.#shownChange - shown);
    this.#shownChange = shown;
  }

  #check() {
    const now = Date.now();
    const elapsed = now - this.#checkedAt;
    this.#checkedAt = now;
    const lost = this.#ledger.giveUp({ now, openSince: this.#openSince, isOver: this.#isOver });
    for (const number of lost) {
      this.application.mark(number, 'lost');
      this.#tell('lost', number);
    }
    const untruth = this.#untruth(now);
    if (untruth === null) this.#wrongSince = undefined;
    else this.#wrongSince ??= now;
    const isWrong = untruth !== null && now - this.#wrongSince > TOLERANCE;
    if (isWrong) this.#wrong += elapsed;
    this.#show(isWrong ? untruth : '');
  }

  /** What a client that calls itself connected shows and is not so, in words; null if there is nothing. */
  #untruth(now) {
    if (this.#openSince === undefined) return null;
    const { oldest } = this.#ledger;
    const isStuck = oldest !== undefined && now - Math.max(oldest, this.#openSince) > TOLERANCE;
    if (isStuck) return 'Says connected, but nothing gets through';
    const { note, people } = this.application;
    const differs = (half) => (this.#truth?.[half]?.number ?? 0) !== (note[half]?.number ?? 0);
    if (this.#truth && (differs('you') || differs('robin'))) return 'The note is not what the server has';
    const showsRobin = people.has(this.#robin.username);
    if (showsRobin && !this.#robin.isHere) return 'Shows Robin, who has left';
    if (!showsRobin && this.#robin.isHere) return 'Does not show Robin, who is here';
    return null;
  }

  #show(untruth) {
    const { tone, words } = this.status;
    this.#write('state', words);
    byRole(this.#root, 'state').dataset.tone = tone;
    const isConnected = this.#openSince !== undefined;
    byRole(this.#root, 'truth').toggleAttribute('data-untrue', untruth !== '');
    const isSo = this.#isOver ? 'Not connected, and tries no more.' : 'Not connected, and says so.';
    this.#write('truth', untruth || (isConnected ? 'What it shows is so.' : isSo));
    byRole(this.#root, 'again').hidden = !this.#isOver;
    const { sent, waiting, lost, repeated, wrong, away } = this.score;
    this.#count('lost', lost, String(lost));
    this.#count('repeated', repeated, String(repeated));
    this.#count('wrong', wrong, seconds(wrong));
    this.#count('away', away, seconds(away));
    this.#write('sent', waiting > 0 ? `${waiting} lines waiting` : `${sent} sent`);
  }

  #count(role, value, text) {
    this.#write(role, text);
    byRole(this.#root, role).parentElement.toggleAttribute('data-some', value > 0);
  }

  #write(role, text) {
    const part = byRole(this.#root, role);
    if (part.textContent !== text) part.textContent = text;
  }
}

function seconds(milliseconds) {
  return `${Math.round(milliseconds / 1000)} s`;
}
