/** How many passed-over numbers of one sender are remembered, to recognise a late arrival. */
const MOST_HOLES = 10_000;

/**
 * Counts what arrived, what is missing and what came twice, from the consecutive numbers that
 * every sender gives its messages. Numbers that were passed over while the receiver was not
 * connected are kept apart: a server that relays without storing cannot deliver those.
 */
export class SequenceLedger {
  /** Distinct messages that arrived. */
  received = 0;
  /** Messages that arrived again. */
  duplicate = 0;
  /** Messages passed over although the receiver was connected all the time. */
  missing = 0;
  /** Messages passed over between two arrivals with an interruption of the connection between. */
  missedWhileAway = 0;

  #senders = new Map();

  /** Whether messages of `sender` are expected already. */
  knows(sender) {
    return this.#senders.has(sender);
  }

  /**
   * Expects everything that `sender` numbers above `lastNumber`. `interrupted` says that the
   * receiver cannot be reached yet.
   */
  expectAfter(sender, lastNumber, interrupted = false) {
    this.#senders.set(sender, { highest: lastNumber, holes: new Map(), interrupted });
  }

  /** The receiver lost its connection: what is passed over until the next arrival is not a fault. */
  interrupt() {
    for (const entry of this.#senders.values()) entry.interrupted = true;
  }

  /**
   * Takes in one message of a sender that is expected.
   * @returns {{ duplicate: boolean, passedOver: number, whileAway: boolean }}
   */
  receive(sender, number) {
    const entry = this.#senders.get(sender);
    if (number <= entry.highest) return this.#receiveEarlier(entry, number);

    const whileAway = entry.interrupted;
    const passedOver = number - entry.highest - 1;
    const firstRemembered = Math.max(entry.highest + 1, number - MOST_HOLES);
    for (let hole = firstRemembered; hole < number; hole += 1) entry.holes.set(hole, whileAway);
    this.#countPassedOver(passedOver, whileAway);
    entry.highest = number;
    entry.interrupted = false;
    this.received += 1;
    return { duplicate: false, passedOver, whileAway };
  }

  #receiveEarlier(entry, number) {
    const wasAway = entry.holes.get(number);
    const duplicate = !entry.holes.delete(number);
    if (duplicate) {
      this.duplicate += 1;
    } else {
      this.#countPassedOver(-1, wasAway);
      this.received += 1;
    }
    return { duplicate, passedOver: 0, whileAway: false };
  }

  #countPassedOver(count, whileAway) {
    if (whileAway) this.missedWhileAway += count;
    else this.missing += count;
  }
}
