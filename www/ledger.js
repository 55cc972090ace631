/**
 * How long a client may call itself connected before a line that has not arrived is given up, in milliseconds: longer than either
 * needs to notice a dead connection.
 */
const PATIENCE = 20_000;

/**
 * Counts what became of numbered lines. A line has arrived when the server has taken it in. It is lost when a later
 * line has arrived but it has not, when its client has given up, or when its client has been connected for twenty seconds
 * without it. Should it arrive all the same, it is not lost any more. It is repeated when a reader is shown it again.
 */
export class Ledger {
  sent = 0;
  lost = 0;
  repeated = 0;
  /** When the lines that are on their way were sent, by number; in the order of their numbers. */
  #waiting = new Map();
  #read = new Set();
  #lost = new Set();
  #highest = 0;

  /** @param kept what `toJSON` gave, to go on from there */
  constructor(kept) {
    if (!kept) return;
    Object.assign(this, { sent: kept.sent, lost: kept.lost, repeated: kept.repeated });
    this.#highest = kept.highest;
    this.#waiting = new Map(kept.waiting);
    this.#lost = new Set(kept.missing);
  }

  /** How many lines are on their way. */
  get waiting() {
    return this.#waiting.size;
  }

  /** When the oldest line that is on its way was sent, on the clock of `Date.now()`; undefined if there is none. */
  get oldest() {
    return this.#waiting.values().next().value;
  }

  send(number, now) {
    this.sent += 1;
    this.#waiting.set(number, now);
  }

  /** A reader was shown this line. */
  read(number) {
    if (this.#read.has(number)) this.repeated += 1;
    this.#read.add(number);
  }

  /** The server has taken in this line, perhaps not for the first time. */
  arrive(number) {
    this.#highest = Math.max(this.#highest, number);
    this.#waiting.delete(number);
    if (this.#lost.delete(number)) this.lost -= 1;
  }

  /**
   * Gives up what will not arrive any more, and returns the numbers of it.
   * @param openSince since when the client is connected, undefined if it is not
   * @param isOver whether the client has given up
   */
  giveUp({ now, openSince, isOver }) {
    const isLate = (sentAt) => openSince !== undefined && now - Math.max(sentAt, openSince) > PATIENCE;
    const lost = [...this.#waiting]
      .filter(([number, sentAt]) => isOver || number < this.#highest || isLate(sentAt))
      .map(([number]) => number);
    for (const number of lost) {
      this.#waiting.delete(number);
      this.#lost.add(number);
    }
    this.lost += lost.length;
    return lost;
  }

  toJSON() {
    return {
      ...{ sent: this.sent, lost: this.lost, repeated: this.repeated, highest: this.#highest },
      ...{ waiting: [...this.#waiting], missing: [...this.#lost].slice(-500) },
    };
  }
}
