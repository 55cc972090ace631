import { asText, byRole, element, onPress, setAvailable, shortDuration } from './dom.js';
import { readEnvelope } from './lab/traffic.js';

/** Entries that are listed; of more, the number is shown. */
const LISTED = 50;
/** With more entries than this, nobody reads the list: reading their payloads would only cost time. */
const LISTED_OF_AT_MOST = 1000;
const REFRESH_MILLISECONDS = 100;
const AGE_STEP_MILLISECONDS = 1000;

/** What `client.outbox` holds: how much, how old, and the entries themselves, oldest first. */
export class OutboxView {
  #client;
  #timer;
  #parts;

  /** @param root an empty element */
  constructor(root) {
    root.append(document.getElementById('outbox').content.cloneNode(true));
    const roles = ['size', 'bytes', 'oldest', 'entries', 'clear', 'problem'];
    this.#parts = Object.fromEntries(roles.map((role) => [role, byRole(root, `outbox-${role}`)]));
    onPress(this.#parts.clear, () => this.#client.outbox.clear());
  }

  /** Shows this client's from now on, or none. */
  watch(client) {
    this.#client = client;
    this.#parts.problem.textContent = '';
    const whileCurrent = (action) => (detail) => client === this.#client && action(detail);
    client?.outbox.on('changed', whileCurrent(() => this.#refreshSoon()));
    client?.outbox.on('sent', whileCurrent(() => this.#refreshSoon()));
    client?.outbox.on('degraded', whileCurrent(({ reason }) => {
      this.#parts.problem.textContent = `Not in storage: ${reason}`;
    }));
    // What was sent is marked as such, and closing leaves nothing here.
    client?.on('connectionStateChanged', whileCurrent(() => this.#refreshSoon()));
    this.#refresh();
  }

  /** Many changes in a row are shown once. */
  #refreshSoon() {
    this.#refreshIn(REFRESH_MILLISECONDS);
  }

  #refreshIn(milliseconds) {
    if (this.#timer?.at <= Date.now() + milliseconds) return;
    clearTimeout(this.#timer?.id);
    const id = setTimeout(() => {
      this.#timer = undefined;
      this.#refresh();
    }, milliseconds);
    this.#timer = { id, at: Date.now() + milliseconds };
  }

  #refresh() {
    const outbox = this.#client?.outbox;
    const { size = 0, bytes = 0, oldest = null } = outbox ?? {};
    this.#parts.size.textContent = size;
    this.#parts.size.parentElement.toggleAttribute('data-some', size > 0);
    this.#parts.bytes.textContent = bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(1)} kB`;
    this.#parts.oldest.textContent = oldest === null ? '–' : `${shortDuration(Math.max(0, Date.now() - oldest))} old`;
    setAvailable(this.#parts.clear, size > 0);
    const listed = size <= LISTED_OF_AT_MOST ? (outbox?.entries({ payloads: true }) ?? []) : [];
    const rows = listed.slice(0, LISTED).map(row);
    const others = size - rows.length;
    if (others > 0) rows.push(element('li', { class: 'others' }, rows.length > 0 ? `and ${others} more` : `${others} entries`));
    this.#parts.entries.replaceChildren(...rows);
    if (size > 0) this.#refreshIn(AGE_STEP_MILLISECONDS);
  }
}

function row({ kind, name, data, isSent, isStored }) {
  const message = readEnvelope(data);
  const number = message?.sequence ?? data?.number;
  const told = kind === 'record' ? writeText(data) : asText(data);
  const text = number === undefined ? told : `${number} ${asText(data.text)}`;
  const where = isSent ? 'on its way' : isStored ? 'stored' : 'in memory';
  return element('li', { 'data-where': where }, element('span', { class: 'chip' }, where), ` ${name}: ${text}`);
}

/** What a write to a record does. */
function writeText({ edits }) {
  if (!edits) return 'delete';
  const one = ({ path, ...edit }) => ('data' in edit ? `${path || 'all'} = ${asText(edit.data)}` : `erase ${path}`);
  return edits.map(one).join(', ');
}
