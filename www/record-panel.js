import { MERGE_STRATEGIES, threeWay } from 'deepstream-wasm';
import { asText, byRole, element, onPress } from './dom.js';

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

  /** @param report called with words about what becomes of the records */
  constructor(root, report) {
    this.#root = root;
    this.#report = report;
    byRole(root, 'strategy').addEventListener('change', () => this.#applyStrategy());
    for (const field of FIELDS) {
      byRole(root, `note-${field}`).addEventListener('input', ({ target }) => this.#note?.set(field, target.value));
    }
    byRole(root, 'add-item').addEventListener('submit', (submission) => {
      submission.preventDefault();
      const input = byRole(root, 'item');
      this.#items?.addEntry(input.value);
      input.value = '';
    });
  }

  /** Shows the records of this client, in place of any other; nothing without a client. */
  watch(client) {
    this.#client = client;
    this.#note = this.#items = undefined;
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
      const input = byRole(this.#root, `note-${field}`);
      const value = String(data[field] ?? '');
      // Setting the same would move the cursor.
      if (input.value !== value) input.value = value;
    }
    byRole(this.#root, 'note-version').textContent = this.#note?.isReady ? `version ${this.#note.version}` : '';
  }

  #showItems(entries) {
    const rows = entries.map((entry, index) => {
      const remove = element('button', { type: 'button', 'aria-label': `Remove ${entry}` }, '×');
      onPress(remove, () => this.#items?.removeEntry(entry, index));
      return element('li', { 'data-item': entry }, element('span', {}, entry), remove);
    });
    byRole(this.#root, 'items').replaceChildren(...rows);
  }
}
