import { clockTime, element, keepNewest, shortDuration } from './dom.js';
import { toneOf } from './states.js';

const MOST_ROWS = 200;

/** The log of one client: state changes, errors and calls, newest first. */
export class LogList {
  #list;
  #lastStateAt = null;
  #newestText;
  #repeats = 1;

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

  /** The connection has been lost for longer than a moment. */
  lost(reason) {
    this.#add(
      { 'data-kind': 'lost', 'data-tone': 'busy' },
      element('strong', {}, 'connection lost'),
      ` ${reason}`,
    );
  }

  /** The connection is back, after `downtime` milliseconds. */
  restored(downtime) {
    this.#add(
      { 'data-kind': 'restored', 'data-tone': 'good' },
      element('strong', {}, 'connection restored'),
      ` after ${shortDuration(downtime)}`,
    );
  }

  /** The server knows the subscriptions of a reconnected client again, after `gap` milliseconds. */
  resubscribed(topic, names, gap) {
    this.#add(
      { 'data-kind': 'resubscribed', 'data-topic': topic, 'data-tone': 'good' },
      element('strong', {}, 'resubscribed'),
      ` ${topic} ${names.join(', ')}, gap ${shortDuration(gap)}`,
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

  /** Of the same again and again there is one row, which says how often. */
  #add(attributes, ...content) {
    const text = element('span', { class: 'log-text' }, ...content);
    const newest = this.#list.firstElementChild;
    if (newest !== null && this.#newestText === text.textContent) {
      this.#repeats += 1;
      newest.firstElementChild.textContent = clockTime();
      newest.dataset.repeats = `× ${this.#repeats}`;
      return;
    }
    this.#newestText = text.textContent;
    this.#repeats = 1;
    this.#list.prepend(element('li', attributes, element('time', {}, clockTime()), text));
    keepNewest(this.#list, MOST_ROWS);
  }
}
