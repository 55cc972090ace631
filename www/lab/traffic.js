/** What marks a payload as made by this page, in this window or in another one. */
const MARK = 'deepstream-wasm demo';

/**
 * A published message as it travels: `sender` is the uid its client drew, `name` the panel's
 * letter, `sequence` counts from 1 per sender and event. `queuedWhile` is the state in which it had
 * to wait, `burst` the sequence of the first message and the number of messages sent in one go.
 */
export function envelope(fields) {
  return { mark: MARK, publishedAt: Date.now(), ...fields };
}

/** The envelope in a received payload, or null if something else published it. */
export function readEnvelope(payload) {
  if (payload === null || typeof payload !== 'object' || payload.mark !== MARK) return null;
  const { sender, name, sequence } = payload;
  const wellFormed =
    typeof sender === 'string' && typeof name === 'string' && Number.isSafeInteger(sequence);
  return wellFormed ? payload : null;
}

/** Names one message: the same wherever it is seen. */
export function messageKey(event, sender, sequence) {
  return JSON.stringify([event, sender, sequence]);
}

/** Names what one sender publishes under one event: its messages are numbered together. */
export function senderKey(event, sender) {
  return JSON.stringify([event, sender]);
}

/**
 * What the clients of this page know of one another without asking the network: the numbers given
 * to messages, and `published` and `delivered` events (detail: `{ event, envelope, receiver }`).
 */
export class Traffic extends EventTarget {
  #lastNumbers = new Map();

  /** The next number for a message that `sender` publishes under `event`. */
  nextSequence(event, sender) {
    const numbers = this.#numbersOf(event);
    const sequence = (numbers.get(sender) ?? 0) + 1;
    numbers.set(sender, sequence);
    return sequence;
  }

  /** Senders of this page and the number of the last message each has published under `event`. */
  lastSequences(event) {
    return new Map(this.#numbersOf(event));
  }

  /** Whether `sender` publishes `event` from this page. */
  isHere(event, sender) {
    return this.#numbersOf(event).has(sender);
  }

  announce(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }

  #numbersOf(event) {
    let numbers = this.#lastNumbers.get(event);
    if (numbers === undefined) {
      numbers = new Map();
      this.#lastNumbers.set(event, numbers);
    }
    return numbers;
  }
}
