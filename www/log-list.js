import { clockTime, element, keepNewest, shortDuration } from './dom.js';
import { toneOf } from './states.js';

const MOST_ROWS = 200;

/** The log of one client: state changes, errors and calls, newest first. */
export class LogList {
  #list;
  #lastStateAt = null;

  constructor(list) {
    this.#list = list;
  }

  /** A state the client has entered, with the time since the state before. */
  state(name) {
    const now = performance.now();
    const after = this.#lastStateAt === null ? '' : `+${shortDuration(now - this.#lastStateAt)}`;
    this.#lastStateAt = now;
    this.#add(
      { 'data-kind': 'state', 'data-state': name, 'data-tone': toneOf(name) },
      element('span', { class: 'log-state' }, name),
      element('span', { class: 'log-after' }, after),
    );
  }

  /** What `on('error')` reported: the event's and the topic's name, and the message. */
  error(message, event, topic) {
    this.#add(
      { 'data-kind': 'error', 'data-event': event, 'data-topic': topic },
      element('strong', {}, `${event} · ${topic}`),
      ` ${message}`,
    );
  }

  /** A method the user called. */
  call(text) {
    this.#add({ 'data-kind': 'call' }, text);
  }

  /** Anything else worth telling. */
  note(text) {
    this.#add({ 'data-kind': 'note' }, text);
  }

  #add(attributes, ...content) {
    this.#list.prepend(
      element(
        'li',
        attributes,
        element('time', {}, clockTime()),
        element('span', { class: 'log-text' }, ...content),
      ),
    );
    keepNewest(this.#list, MOST_ROWS);
  }
}
