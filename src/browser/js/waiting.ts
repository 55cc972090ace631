import { callSafely } from './emitter.js';
import type { DeepstreamError } from './error.js';

/**
 * Is told an outcome: an error or `null`, else the JSON text of the result, and whether the error follows from what the
 * application did itself, so that a promise which nobody looks at is no unhandled rejection.
 */
export type Settle = (error: DeepstreamError | null, text: string | undefined, isExpected: boolean) => void;

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
export function parse(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
