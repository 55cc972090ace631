import { byRole, element, keepNewest, replaceText } from './dom.js';

const MOST_LINES = 50;
/** What is beside a line, and what it means. */
const MARKS = {
  waiting: ['…', 'on its way'],
  arrived: ['✓', 'arrived'],
  lost: ['✗', 'lost'],
};

/**
 * A little application: a chat, a note that two people write to, and who is here. It is written once, and runs on
 * either client: it uses what both have, in the way that both document.
 *
 * Dispatches `said` (detail: the line's number), `wrote` (detail: the change's number) and `noted` when the note came
 * from the client.
 */
export class Application extends EventTarget {
  /** The note as it is on the screen: `{ you: { number, text }, robin: { number, text } }`. */
  note = {};
  /** The users on the screen. */
  people = new Set();

  #parts;
  #client;
  #topic;
  #record;
  #numbers;

  /**
   * @param root an element with the parts of the template `application`
   * @param topic what the names of its event and its record begin with
   * @param numbers the last numbers given so far: `{ line, change }`; they are counted up
   */
  constructor(root, { topic, numbers }) {
    super();
    this.#topic = topic;
    this.#numbers = numbers;
    const roles = ['people', 'people-label', 'lines', 'say', 'words', 'note', 'robins-note'];
    this.#parts = Object.fromEntries(roles.map((role) => [role, byRole(root, role)]));
    this.#parts.say.addEventListener('submit', (submission) => {
      submission.preventDefault();
      this.say(this.#parts.words.value);
      this.#parts.words.value = '';
    });
    this.#parts.note.addEventListener('input', ({ target }) => this.write(target.value));
  }

  /** Begins with a client that is not logged in yet. */
  start(client, username) {
    this.#client = client;
    client.event.subscribe(`${this.#topic}/chat`, (line) => client === this.#client && this.#showLine(line));
    this.#record = client.record.getRecord(`${this.#topic}/note`);
    this.#record.subscribe((note) => client === this.#client && this.#showNote(note ?? {}), true);
    this.#showPeople(new Set());
    client.presence.subscribe((user, isOnline) => {
      if (client !== this.#client) return;
      const people = new Set(this.people);
      if (isOnline) people.add(user);
      else people.delete(user);
      this.#showPeople(people);
    });
    client.presence.getAll().then((users) => client === this.#client && this.#showPeople(new Set(users)), () => {});
    client.on('connectionStateChanged', () => client === this.#client && this.#showPeople(this.people));
    Promise.resolve(client.login({ username })).catch(() => {});
  }

  /** Says a line in the chat. */
  say(text) {
    const number = (this.#numbers.line += 1);
    this.dispatchEvent(new CustomEvent('said', { detail: number }));
    this.#client.event.emit(`${this.#topic}/chat`, { number, text });
  }

  /** Writes one's own half of the note. */
  write(text) {
    const number = (this.#numbers.change += 1);
    this.dispatchEvent(new CustomEvent('wrote', { detail: number }));
    this.#record.set('you', { number, text });
  }

  /** Whether somebody is typing into the note. */
  get isBeingTypedTo() {
    return document.activeElement === this.#parts.note;
  }

  /** Shows what has become of a line: one of `MARKS`. */
  mark(number, kind) {
    const line = this.#parts.lines.querySelector(`[data-number="${number}"]`);
    if (line === null) return;
    const [sign, words] = MARKS[kind];
    line.dataset.mark = kind;
    line.lastElementChild.replaceChildren(
      element('span', { 'aria-hidden': 'true', title: words }, sign),
      element('span', { class: 'visually-hidden' }, words),
    );
  }

  #showLine({ number, text }) {
    const { lines } = this.#parts;
    const parts = [element('b', {}, String(number)), element('span', {}, text), element('i')];
    lines.prepend(element('li', { 'data-number': String(number) }, ...parts));
    this.mark(number, 'waiting');
    keepNewest(lines, MOST_LINES);
  }

  #showNote(note) {
    this.note = note;
    replaceText(this.#parts.note, note.you?.text ?? '');
    this.#parts['robins-note'].textContent = note.robin?.text ?? '';
    this.dispatchEvent(new CustomEvent('noted'));
  }

  #showPeople(people) {
    this.people = people;
    const isConnected = this.#client.getConnectionState() === 'OPEN';
    this.#parts['people-label'].textContent = isConnected ? 'Here' : 'Were here';
    this.#parts.people.toggleAttribute('data-stale', !isConnected);
    // A name ends with the room that its window has for itself.
    const room = this.#topic.split('/')[1];
    const users = [...people].filter((user) => user.endsWith(` ${room}`));
    const names = users.map((user) => user.slice(0, -room.length - 1));
    this.#parts.people.replaceChildren(...names.sort().map((name) => element('li', { 'data-user': name }, name)));
  }
}
