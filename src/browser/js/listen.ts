import { Action, type DeepstreamClient as Compiled } from '../../../target/glue/deepstream_wasm.js';
import { checkFunction, checkName } from './arguments.js';
import { callSafely, report, warn } from './listeners.js';

/** How a listener answers when it is asked whether it provides a subscription. The functions may be taken out of it. */
export interface ListenResponse {
  /** This client provides it: nobody else is asked, until `onStop` is called. */
  accept: () => void;
  /** It does not: the server asks the next listener, if there is one. */
  reject: (reason?: string) => void;
  /**
   * Calls back once, when what was accepted is over: nobody is subscribed any more, the connection was lost (what is still
   * wanted is offered again after the reconnect), `unlisten` was called, or the answer came too late for the server. A
   * later callback takes the place of an earlier one.
   * @throws {DeepstreamError} for a callback that is not a function
   */
  onStop: (callback: (subscriptionName: string) => void) => void;
}

/**
 * Is asked about every subscription that matches a pattern. The server waits half a second for the answer, unless it is
 * configured otherwise, then asks the next listener, and tells this client with an error called `LISTEN_RESPONSE_TIMEOUT`.
 * A listener that throws before it has answered has rejected.
 */
export type ListenCallback = (subscriptionName: string, response: ListenResponse) => void;

/**
 * Who listens to which patterns of a topic, and what they are offered.
 * @internal
 */
export class Listens {
  readonly #topic: 'EVENT' | 'RECORD';
  readonly #compiled: Compiled;
  readonly #listeners = new Map<string, ListenCallback>();
  /** Those that have not ended, by the name of the subscription. */
  readonly #offers = new Map<string, Offer>();

  constructor(topic: 'EVENT' | 'RECORD', compiled: Compiled) {
    this.#topic = topic;
    this.#compiled = compiled;
  }

  listen(pattern: string, callback: ListenCallback): void {
    checkName('pattern', pattern);
    checkFunction('callback', callback);
    if (this.#listeners.has(pattern)) return warn(`${this.#topic} LISTENER_EXISTS: ${pattern}`);
    this.#listeners.set(pattern, callback);
    this.#command(Action.Listen, pattern);
  }

  unlisten(pattern: string): void {
    if (this.#listeners.delete(checkName('pattern', pattern))) this.#command(Action.Unlisten, pattern);
    else warn(`${this.#topic} NOT_LISTENING: ${pattern}`);
  }

  /** Asks the listener. One that throws before it has answered has declined. */
  offered(pattern: string, subscription: string, id: number): void {
    const answer = (accepts: boolean): void => this.#command(accepts ? Action.Accept : Action.Reject, subscription, id);
    const offer = offerOf(subscription, id, answer);
    this.#offers.set(subscription, offer);
    const listener = this.#listeners.get(pattern);
    try {
      listener?.(subscription, offer.response);
    } catch (exception) {
      offer.response.reject();
      report(exception);
    }
  }

  ended(subscription: string, id: number): void {
    const offer = this.#offers.get(subscription);
    if (offer?.id !== id) return;
    this.#offers.delete(subscription);
    callSafely(offer.end);
  }

  clear(): void {
    this.#listeners.clear();
  }

  /** Tells the WebAssembly side about a pattern, or about a subscription that was offered. */
  #command(what: Action.Listen | Action.Unlisten | Action.Accept | Action.Reject, name: string, offer?: number): void {
    this.#compiled.command(what, name, undefined, offer, this.#topic === 'RECORD');
  }
}

interface Offer {
  readonly id: number;
  readonly response: ListenResponse;
  readonly end: () => void;
}

function offerOf(subscription: string, id: number, answer: (accepts: boolean) => void): Offer {
  let accepted: boolean | undefined;
  let ended = false;
  let stop: ((subscription: string) => void) | undefined;
  const reply = (accepts: boolean): void => {
    if (accepted !== undefined) return;
    accepted = accepts;
    answer(accepts);
    stopIfOver();
  };
  // Whoever accepts what is over must hear of it: by then, something may have been started.
  const stopIfOver = (): void => {
    if (!accepted || !ended || !stop) return;
    const callback = stop;
    stop = undefined;
    callback(subscription);
  };
  return {
    id,
    // Functions of their own, because applications take them out of the object.
    response: {
      accept: () => reply(true),
      reject: () => reply(false),
      onStop: (callback) => {
        stop = checkFunction('callback', callback);
        stopIfOver();
      },
    },
    end: () => {
      ended = true;
      stopIfOver();
    },
  };
}
