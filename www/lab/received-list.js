import { asText, clockTime, element, shortDuration } from '../dom.js';
import { messageKey } from './traffic.js';

const MOST_ROWS = 100;

/** The events one client has received, newest first; the messages of a burst share one row. */
export class ReceivedList {
  #list;
  /** Rows by message or burst, oldest first. */
  #rows = new Map();

  constructor(list) {
    this.#list = list;
  }

  /** A message of a demo client. `from` says where it was published. */
  message(event, envelope, { local, here, duplicate }) {
    const key = rowKey(event, envelope);
    const row = this.#rows.get(key) ?? this.#addMessage(key, event, envelope, { local, here });
    if (duplicate) {
      row.duplicates += 1;
      setTag(row, 'duplicate', `duplicate × ${row.duplicates}`);
      return;
    }
    row.count += 1;
    if (envelope.burst) {
      row.text.textContent = `${row.count} of a burst of ${envelope.burst.size}`;
    }
    row.item.dataset.count = row.count;
  }

  /** A payload that something other than this page published. */
  foreign(event, payload) {
    this.#add(Symbol('foreign'), { 'data-origin': 'foreign', 'data-event': event }, [
      element('span', { class: 'chip' }, 'other'),
      element('span', { class: 'message', 'data-role': 'text' }, asText(payload)),
    ]);
  }

  /** Messages that never came. */
  gap(senderName, count, whileAway) {
    const what = count === 1 ? '1 event' : `${count} events`;
    const why = whileAway ? 'passed by while this client was away' : 'missing';
    this.#add(Symbol('gap'), { 'data-origin': 'gap', 'data-cause': whileAway ? 'away' : 'missing' }, [
      element('span', { class: 'message' }, `${what} of ${senderName} ${why}`),
    ]);
  }

  /** Notes on the row of a message published here that another client of the page has it. */
  reached(event, envelope, receiverName) {
    const row = this.#rows.get(rowKey(event, envelope));
    if (row === undefined) return;
    row.reached += 1;
    row.item.dataset.reached = row.reached;
    setTag(row, 'reached', envelope.burst ? `${row.reached} reached ${receiverName}` : `reached ${receiverName}`);
  }

  #addMessage(key, event, envelope, { local, here }) {
    const text = element('span', { class: 'message', 'data-role': 'text' }, asText(envelope.text) || '(empty)');
    const tags = element('span', { class: 'tags' });
    const origin = local ? 'local' : 'remote';
    const content = [element('span', { class: 'chip' }, origin)];
    if (!local) content.push(element('span', { class: 'from' }, `from ${envelope.name}`));
    content.push(text, tags);

    const item = this.#add(
      key,
      {
        'data-origin': origin,
        'data-from': envelope.name,
        'data-event': event,
        'data-sequence': String(envelope.sequence),
      },
      content,
    );
    const row = { item, text, tags, count: 0, duplicates: 0, reached: 0 };
    this.#rows.set(key, row);

    if (!local && !here) setTag(row, 'elsewhere', 'another window');
    if (envelope.queuedWhile) setTag(row, 'queued', `queued while ${envelope.queuedWhile}`);
    // Clocks of different machines differ, so a duration is only told within one page.
    if (!local && here) setTag(row, 'delay', `after ${shortDuration(Date.now() - envelope.publishedAt)}`);
    return row;
  }

  #add(key, attributes, content) {
    const item = element('li', attributes, element('time', {}, clockTime()), ...content);
    this.#list.prepend(item);
    this.#rows.set(key, { item });
    if (this.#rows.size > MOST_ROWS) {
      const [oldest, { item: oldestItem }] = this.#rows.entries().next().value;
      oldestItem.remove();
      this.#rows.delete(oldest);
    }
    return item;
  }
}

function rowKey(event, { sender, sequence, burst }) {
  return messageKey(event, sender, burst ? burst.first : sequence);
}

function setTag(row, kind, text) {
  let tag = row.tags.querySelector(`[data-tag="${kind}"]`);
  if (tag === null) {
    tag = element('span', { class: 'tag', 'data-tag': kind });
    row.tags.append(tag);
  }
  tag.textContent = text;
}
