import { MERGE_STRATEGIES, threeWay } from 'deepstream-wasm';
import { asText, byRole, element, onPress, replaceText } from '../dom.js';

const NOTE = 'demo/note';
const ITEMS = 'demo/items';
const FIELDS = ['title', 'text'];

const STRATEGIES = {
  'three-way': MERGE_STRATEGIES.THREE_WAY,
  'three-way-local': threeWay({ prefer: 'local' }),
  remote: MERGE_STRATEGIES.REMOTE_WINS,
  local: MERGE_STRATEGIES.LOCAL_WINS,
};

/** A note and a list that all windows write to, as one client sees them. */
export class RecordPanel {
  #root;
  #report;
  #client;
  #note;
  #items;
  /** What was written here and lost to somebody else's write, and how to write it again; by field, or item. */
  #lost = new Map();

  /** @param report called with words about what becomes of the records */
  constructor(root, report) {
    this.#root = root;
    this.#report = report;
    byRole(root, 'strategy').addEventListener('change', () => this.#applyStrategy());
    for (const field of FIELDS) {
      byRole(root, `note-${field}`).addEventListener('input', ({ target }) => this.#writeField(field, target.value));
    }
    byRole(root, 'add-item').addEventListener('submit', (submission) => {
      submission.preventDefault();
      const input = byRole(root, 'item');
      // Lists in which something comes twice cannot be merged.
      if (this.#items?.getEntries().includes(input.value)) return input.select();
      this.#addItem(input.value);
      input.value = '';
    });
    onPress(byRole(root, 'write-again'), () => {
      const lost = [...this.#lost.values()];
      this.#forgetLost();
      for (const { again } of lost) again();
    });
    onPress(byRole(root, 'leave-lost'), () => this.#forgetLost());
  }

  /** Shows the records of this client, in place of any other; nothing without a client. */
  watch(client) {
    this.#client = client;
    this.#note = this.#items = undefined;
    this.#showWaiting();
    client?.outbox.on('changed', () => client === this.#client && this.#showWaiting());
    this.#forgetLost();
    this.#showNote({});
    this.#showItems([]);
    if (client === undefined) return;
    this.#applyStrategy();
    this.#openNote(client);
    this.#openItems(client);
  }

  /** Nothing can be written any more. */
  end() {
    this.#note = this.#items = undefined;
    this.#setWritable(false);
  }

  #writeField(field, value) {
    const again = () => this.#writeField(field, value);
    this.#note?.set(field, value, this.#awaitWrite(field, value, again));
  }

  #addItem(entry) {
    this.#items?.addEntry(entry, undefined, this.#awaitWrite('item', entry, () => this.#addItem(entry)));
  }

  #removeItem(entry, index) {
    this.#items?.removeEntry(entry, index, this.#awaitWrite());
  }

  /** What is told when the server has a write, or why not; `again` makes it once more. */
  #awaitWrite(what, value, again) {
    const client = this.#client;
    return (error) => {
      if (client !== this.#client) return;
      if (error !== 'RECORD_WRITE_LOST' || !again) return;
      // Of a field the last one counts, of items each.
      this.#lost.set(what === 'item' ? `item ${value}` : what, { words: `${what} “${value}”`, again });
      this.#showLost();
    };
  }

  /** What the outbox has of these records: several changes of one record wait as one. */
  #showWaiting() {
    const entries = this.#client?.outbox.entries() ?? [];
    const count = entries.filter(({ kind, name }) => kind === 'record' && (name === NOTE || name === ITEMS)).length;
    const waiting = byRole(this.#root, 'note-waiting');
    waiting.hidden = count === 0;
    waiting.textContent = `${count} waiting`;
  }

  #showLost() {
    const words = [...this.#lost.values()].map((lost) => lost.words);
    byRole(this.#root, 'lost').hidden = false;
    byRole(this.#root, 'lost-words').textContent = `Somebody else has written, and yours is lost: ${words.join(', ')}`;
  }

  #forgetLost() {
    this.#lost.clear();
    byRole(this.#root, 'lost').hidden = true;
  }

  #openNote(client) {
    const note = client.record.getRecord(NOTE);
    this.#note = note;
    this.#setWritable(true);
    const whileCurrent = (action) => (detail) => {
      if (note === this.#note) action(detail);
    };
    note.subscribe(whileCurrent((data) => this.#showNote(data)), true);
    this.#attend(note, whileCurrent, () => this.#openNote(client));
  }

  #openItems(client) {
    const items = client.record.getList(ITEMS);
    this.#items = items;
    const whileCurrent = (action) => (detail) => {
      if (items === this.#items) action(detail);
    };
    items.subscribe(whileCurrent((entries) => this.#showItems(entries)), true);
    this.#attend(items, whileCurrent, () => this.#openItems(client));
  }

  #attend(record, whileCurrent, reopen) {
    const { name } = record;
    record.on(
      'conflict',
      whileCurrent(({ localValue, remoteValue }) => {
        this.#report(`conflict in ${name}: here ${asText(localValue)}, on the server ${asText(remoteValue)}`);
      }),
    );
    record.on(
      'delete',
      whileCurrent(() => {
        this.#report(`the server has no ${name} any more; it is opened anew`);
        reopen();
      }),
    );
  }

  #applyStrategy() {
    const strategy = STRATEGIES[byRole(this.#root, 'strategy').value];
    this.#client?.record.setMergeStrategyRegExp(/^demo\//, strategy);
  }

  #setWritable(isWritable) {
    byRole(this.#root, 'record').inert = !isWritable;
  }

  #showNote(data) {
    for (const field of FIELDS) {
      replaceText(byRole(this.#root, `note-${field}`), String(data[field] ?? ''));
    }
  }

  #showItems(entries) {
    const rows = entries.map((entry, index) => {
      const remove = element('button', { type: 'button', 'aria-label': `Remove ${entry}` }, '×');
      onPress(remove, () => this.#removeItem(entry, index));
      return element('li', { 'data-item': entry }, element('span', {}, entry), remove);
    });
    byRole(this.#root, 'items').replaceChildren(...rows);
  }
}
