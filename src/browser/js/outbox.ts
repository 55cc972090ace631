import { Action, Question, type DeepstreamClient as Compiled } from '../../../target/glue/deepstream_wasm.js';
import { checkFunction, checkOptionalFunction, invalid } from './arguments.js';
import type { EventData } from './constants.js';
import { Listeners } from './listeners.js';
import { subscribe, type SubscribeOptions, type Subscription } from './subscription.js';
import { promiseOf, type Waiting } from './waiting.js';

/** What becomes of one write to a record that is not open, where that shall differ from the options of the client. */
export type SetDataOptions = Pick<EmitOptions, 'delivery' | 'ttl'>;

/** What becomes of one message that the client is given, where that shall differ from the options of the client. */
export interface EmitOptions {
  /**
   * What the client does for it until the server has it: `'durable'` keeps it in the storage of the option `outbox`, so that
   * it survives the page, `'memory'` keeps it as long as the page lives, `'drop'` sends it now or never.
   * @defaultValue 'durable'
   */
  delivery?: 'durable' | 'memory' | 'drop';
  /**
   * How long it is worth sending, in milliseconds, from 1 to 2147483647.
   * @defaultValue the option `outbox.ttl`
   */
  ttl?: number;
  /**
   * What tells this message from all others, not empty. As long as one waits under this key, another is not taken; it shares the
   * fate of the first. Subscribers with this package deliver one of several with the same key.
   * @defaultValue a key that no other message has
   */
  key?: string;
  /**
   * Whether to return a promise of what becomes of it.
   * @defaultValue false
   */
  receipt?: boolean;
}

/**
 * What became of a message whose receipt is rejected, as the `outcome` of the error: it waited too long (`'expired'`), it will
 * not be sent for another reason (`'dropped'`), the server refuses it (`'denied'`), or it is still to be sent, but nobody can
 * say when, because the client is closed, paused, or has stopped trying (`'kept'`).
 */
export type ReceiptOutcome = 'expired' | 'dropped' | 'denied' | 'kept';

/** Something that waits for the server. Times are those of `Date.now()`. */
export interface OutboxEntry {
  /** What it is. */
  kind: 'event' | 'call' | 'record';
  /** The name of the event, the procedure, or the record. */
  name: string;
  /** What tells it from all others: as `emit` was told, else of the client's choice. */
  key: string;
  /** When the client was given it. */
  createdAt: number;
  /** When it is no longer worth sending. */
  expiresAt: number;
  /** The bytes of its name and payload, which count towards `maxBytes`. */
  bytes: number;
  /** What the client does for it. */
  delivery: 'durable' | 'memory' | 'drop';
  /** Whether it is in storage, so that it survives the page. */
  isStored: boolean;
  /** Whether it was sent; the server has not confirmed it yet. */
  isSent: boolean;
}

/** An entry with its payload. */
export interface OutboxEntryWithPayload<Data = EventData> extends OutboxEntry {
  /**
   * The payload. Of a record: `{ version, edits: [{ path, data }] }`, with the version that it was written to, if there is one; an
   * edit without data erases, and without `edits` the record is to be deleted.
   */
  data: Data;
}

/** Why entries will not be sent. */
export type DropReason = 'expired' | 'overflow' | 'cleared' | 'denied' | 'undeliverable' | 'not-connected';

/** What is wrong with the storage of the outbox. */
export interface StorageProblem {
  /** In words: the name of what the browser throws, such as `QuotaExceededError`, or what an application's storage says. */
  reason: string;
}

/** What an outbox tells its listeners: the names for `on`, and what the listeners are called with. */
export interface OutboxEvents {
  /** An entry has come or gone. */
  changed: () => void;
  /** The server has these. */
  sent: (entries: OutboxEntry[]) => void;
  /** These will not be sent, for this reason. */
  dropped: (entries: OutboxEntryWithPayload[], reason: DropReason) => void;
  /** Storage does not keep what it should. What it does not keep is in memory, and is sent from there. */
  degraded: (problem: StorageProblem) => void;
}

/**
 * What the client was given and the server does not have yet: `client.outbox`. It empties itself; this is for looking, and
 * for those who log out.
 *
 * @example
 * client.outbox.on('changed', () => show(`${client.outbox.size} waiting`));
 */
export interface OutboxHandler {
  /** How many entries there are. */
  readonly size: number;
  /** The bytes of their names and payloads. */
  readonly bytes: number;
  /** When the oldest was given, as `Date.now()` has it; `null` if there is none. */
  readonly oldest: number | null;

  /**
   * The entries: events, calls, and what was written to records, each oldest first; those that wait for another user to log in
   * come last. The same array until something of it is different, which must not be changed.
   * @throws {DeepstreamError} for options that are no object
   * @example
   * for (const { name, data } of client.outbox.entries({ payloads: true })) console.log(name, data);
   */
  entries<Data = EventData>(options: { payloads: true }): OutboxEntryWithPayload<Data>[];
  /** The entries without their payloads. */
  entries(options?: { payloads?: false }): OutboxEntry[];

  /**
   * Asks the server at once whether it has everything, instead of a moment later.
   * @returns Resolves when everything that is in the outbox now has left it, sent or dropped.
   * @throws {DeepstreamError} (the promise rejects) when the client is closed or paused or stops trying before
   * @example
   * await client.outbox.flush();
   */
  flush(): Promise<void>;

  /**
   * Forgets everything that the user of now has entrusted, in this page, in others, and in storage. For a logout, before
   * `close()`.
   * @example
   * client.outbox.clear();
   * client.close();
   */
  clear(): void;

  /**
   * Calls the listener whenever this happens.
   * @returns What ends it, as `off` with the same arguments does.
   * @throws {DeepstreamError} for a name that is not in {@link OutboxEvents}, a listener that is not a function, or a signal that
   * is none
   * @example
   * client.outbox.on('dropped', (entries, reason) => console.warn(reason, entries));
   */
  on<Name extends keyof OutboxEvents>(
    event: Name,
    listener: OutboxEvents[Name],
    options?: SubscribeOptions,
  ): Subscription;

  /** Like `on`, but the listener is called only once. */
  once<Name extends keyof OutboxEvents>(
    event: Name,
    listener: OutboxEvents[Name],
    options?: SubscribeOptions,
  ): Subscription;

  /**
   * Ends what `on` or `once` began with the same arguments; without a listener, all of this event.
   * @example
   * client.outbox.off('changed', show);
   */
  off<Name extends keyof OutboxEvents>(event: Name, listener?: OutboxEvents[Name]): void;
}

/** What is told, as the WebAssembly side numbers what it asks for. */
const EVENTS = ['sent', 'dropped', 'changed', 'degraded'];

/** @internal */
export const DEGRADED = 3;

/** @internal */
export class Outbox implements OutboxHandler {
  static readonly name = 'OutboxHandler';
  readonly #compiled: Compiled;
  readonly #waiting: Waiting;
  readonly #listeners = new Listeners();
  /** What `entries` gave last, without payloads and with. */
  readonly #given = [0, 1].map(() => ({ revision: NaN, entries: [] as any[], text: '' }));

  constructor(compiled: Compiled, waiting: Waiting) {
    this.#compiled = compiled;
    this.#waiting = waiting;
  }

  get size(): number {
    return this.#compiled.ask(Question.Size, '');
  }

  get bytes(): number {
    return this.#compiled.ask(Question.Bytes, '');
  }

  get oldest(): number | null {
    return this.#compiled.ask(Question.Oldest, '') ?? null;
  }

  entries(options?: { payloads?: boolean }): any[] {
    if (options !== undefined && (typeof options !== 'object' || !options)) throw invalid('options', 'an object', options);
    const hasPayloads = !!options?.payloads;
    const last = this.#given[Number(hasPayloads)]!;
    const revision = this.#compiled.revision();
    if (last.revision !== revision) {
      last.revision = revision;
      const entries = this.#compiled.ask(hasPayloads ? Question.EntriesWithPayloads : Question.Entries, '');
      const text = JSON.stringify(entries);
      if (last.text !== text) Object.assign(last, { entries, text });
    }
    return last.entries;
  }

  flush(): Promise<void> {
    return promiseOf(this.#waiting, this.#compiled.command(Action.Flush, ''));
  }

  clear(): void {
    this.#compiled.command(Action.Clear, '');
  }

  on(event: string, listener: Function, options?: SubscribeOptions): Subscription {
    return this.#listen(event, listener, options, false);
  }

  once(event: string, listener: Function, options?: SubscribeOptions): Subscription {
    return this.#listen(event, listener, options, true);
  }

  off(event: string, listener?: Function): void {
    checkEvent(event);
    const call = checkOptionalFunction('callback', listener);
    this.#listeners.remove(event, call);
  }

  isHeard(event: number): boolean {
    return this.#listeners.has(EVENTS[event]!);
  }

  tell(event: number, ...details: unknown[]): boolean {
    return this.#listeners.tell(EVENTS[event]!, ...details);
  }

  /** Nothing more comes. */
  close(): void {
    this.#listeners.clear();
  }

  #listen(event: string, listener: Function, options: SubscribeOptions | undefined, isOnce: boolean): Subscription {
    return subscribe(options?.signal, () => {
      checkEvent(event);
      this.#listeners.add(event, { call: checkFunction('callback', listener), isOnce });
      return () => this.off(event, listener);
    });
  }
}

function checkEvent(event: string): void {
  if (!EVENTS.includes(event)) throw invalid('event', "'changed', 'sent', 'dropped' or 'degraded'", event);
}
