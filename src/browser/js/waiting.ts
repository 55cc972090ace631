import { callSafely } from './listeners.js';
import type { DeepstreamError } from './error.js';
import { promise, type Done } from './outcome.js';

/**
 * Is told an outcome: an error or `null`, else the JSON text of the result; of an error also whether it follows from what the
 * application did itself, so that a promise which nobody looks at is no unhandled rejection, and what receipts say of it.
 */
export type Settle = (
  error: DeepstreamError | null,
  text: string | undefined,
  isExpected: boolean,
  outcome: string | undefined,
) => void;

/**
 * What the application waits for, by the tickets that the WebAssembly side gives.
 * @internal
 */
export class Waiting {
  readonly #settlers = new Map<number, Settle>();

  /** The ticket comes from a call that has just returned: nothing is settled before. */
  add(ticket: number, settle: Settle): void {
    this.#settlers.set(ticket, settle);
  }

  /** The same for whoever wants the value. What nobody waits for has no ticket. */
  addDone(ticket: number | undefined, done: Done | undefined): void {
    if (ticket === undefined || !done) return;
    this.add(ticket, (error, text, isExpected, outcome) => done(error, parse(text), isExpected, outcome));
  }

  settle(ticket: number, ...outcome: Parameters<Settle>): void {
    const settle = this.#settlers.get(ticket);
    this.#settlers.delete(ticket);
    callSafely(() => settle?.(...outcome));
  }
}

/**
 * What another party says; text that is not JSON is handed on as the string it is.
 * @internal
 */
export function parse(text: string | undefined): any {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/**
 * What is said in JSON; nothing stands for `undefined`.
 * @internal
 */
export function parseJson(text: string | undefined): any {
  return text === undefined ? undefined : JSON.parse(text);
}

/**
 * The outcome as a promise. A receipt is rejected with what became of the message.
 * @internal
 */
export function promiseOf<Value>(waiting: Waiting, ticket: number | undefined, isReceipt = false): Promise<Value> {
  return promise((done) =>
    waiting.addDone(ticket, (error, value, isExpected, outcome) =>
      done(error && isReceipt ? Object.assign(error, { outcome }) : error, value, isExpected),
    ),
  );
}
