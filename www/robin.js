import { DeepstreamClient } from 'deepstream-wasm';

/**
 * Somebody else, whose own network never fails: comes, goes, reads both chats and writes to both notes. Dispatches
 * `read` with `{ topic, number }` of each line as detail.
 */
export class Robin extends EventTarget {
  username;

  #client;
  #notes;
  #number = Date.now();
  #drafts = 0;
  #isWanted = true;

  /** @param topics those of both applications */
  constructor(url, { username, topics }) {
    super();
    this.username = username;
    // With the server back, Robin soon is, too; what Robin wrote last is nothing to keep.
    const waits = { reconnectIntervalIncrement: 500, maxReconnectInterval: 1000 };
    const options = { ...waits, lazyConnect: true, outbox: { storage: 'memory' } };
    this.#client = new DeepstreamClient(url, options);
    this.#client.on('error', () => {});
    this.#notes = topics.map((topic) => this.#client.record.getRecord(`${topic}/note`));
    for (const topic of topics) {
      this.#client.event.subscribe(`${topic}/chat`, ({ number }) => {
        this.dispatchEvent(new CustomEvent('read', { detail: { topic, number } }));
      });
    }
    this.#client.login({ username }).catch(() => {});
  }

  /** Whether the server knows Robin to be here. */
  get isHere() {
    return this.#isWanted && this.#client.getConnectionState() === 'OPEN';
  }

  come() {
    this.#isWanted = true;
    this.#client.resume().catch(() => {});
  }

  go() {
    this.#isWanted = false;
    this.#client.pause();
  }

  /** Writes Robin's half of both notes. */
  write() {
    this.#number += 1;
    this.#drafts += 1;
    const half = { number: this.#number, text: `Robin’s draft ${this.#drafts}` };
    for (const note of this.#notes) note.set('robin', half);
  }
}
