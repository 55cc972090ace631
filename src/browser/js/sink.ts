import type { DeepstreamError } from './error.js';
import type { Events } from './event.js';
import type { Listens } from './listen.js';
import { warn, type Listeners } from './listeners.js';
import { DEGRADED, type Outbox } from './outbox.js';
import type { Presence } from './presence.js';
import type { RecordHub } from './record-hub.js';
import type { Rpc } from './rpc.js';
import { Waiting, type Settle } from './waiting.js';

/**
 * What a client is told through.
 * @internal
 */
export interface Parts {
  /** Those of the client itself. */
  readonly listeners: Listeners;
  readonly event: Events;
  readonly presence: Presence;
  readonly rpc: Rpc;
  readonly outbox: Outbox;
  readonly recordListens: Listens | undefined;
}

const isGiven = (detail: unknown) => detail !== undefined;

/**
 * Is told by the WebAssembly side what happens. Payloads are JSON texts; `undefined` stands for none. Nothing here throws.
 * @internal
 */
export class Sink {
  readonly waiting = new Waiting();
  #records: RecordHub | undefined;
  #parts: { deref(): Parts | undefined } | undefined;
  /** What was last told to be wrong with the storage. */
  #degraded = '';
  /** Why connections fail, as the console was last told. */
  #failing = '';

  /** Who is told what becomes of records; nobody when the client is closed. No property, since those of a hub lead here. */
  get records(): RecordHub | undefined {
    return this.#records;
  }

  set records(records: RecordHub) {
    this.#records = records;
  }

  /**
   * Says who is told. They are held until the client is closed: they hold the WebAssembly side, and that holds this object, so
   * that none of them would ever be collected.
   */
  attach(parts: Parts): void {
    this.#parts = { deref: () => parts };
  }

  get #told(): Parts | undefined {
    return this.#parts?.deref();
  }

  settled(ticket: number, ...outcome: Parameters<Settle>): void {
    this.waiting.settle(ticket, ...outcome);
  }

  /** An event of the client. */
  happened(event: string, ...details: unknown[]): void {
    if (details[0] === 'OPEN') this.#failing = '';
    this.#told?.listeners.tell(event, ...details.filter(isGiven));
  }

  failed(error: DeepstreamError): void {
    const { code, topic, closeReason } = error;
    if (this.#told?.listeners.tell('error', error, code, topic)) return;
    if (closeReason) {
      // An outage is written once, and not with each attempt.
      const reason = JSON.stringify(closeReason);
      if (reason === this.#failing) return;
      this.#failing = reason;
    }
    console.error("deepstream: unhandled 'error' event:", error, code, topic);
  }

  eventArrived(number: number, data: string | undefined): void {
    this.#told?.event.arrived(number, data);
  }

  presenceChanged(user: string, online: boolean, isForAll: boolean): void {
    this.#told?.presence.changed(user, online, isForAll);
  }

  requested(
    id: number,
    name: string,
    data: string | undefined,
    requestorName: string | undefined,
    requestorData: string | undefined,
  ): void {
    this.#told?.rpc.serve(id, name, data, requestorName, requestorData);
  }

  offered(isRecord: boolean, pattern: string, subscription: string, offer: number): void {
    this.#listens(isRecord)?.offered(pattern, subscription, offer);
  }

  offerEnded(isRecord: boolean, subscription: string, offer: number): void {
    this.#listens(isRecord)?.ended(subscription, offer);
  }

  #listens(isRecord: boolean): Listens | undefined {
    return isRecord ? this.#told?.recordListens : this.#told?.event.listens;
  }

  isOutboxHeard(event: number): boolean {
    return !!this.#told?.outbox.isHeard(event);
  }

  outboxHappened(event: number, ...details: unknown[]): void {
    this.#told?.outbox.tell(event, ...details.filter(isGiven));
  }

  storageDegraded(reason: string): void {
    // A storage that is full says so of everything that is written.
    if (reason === this.#degraded) return;
    this.#degraded = reason;
    const isHeard = this.#told?.outbox.tell(DEGRADED, { reason });
    if (!this.#told?.listeners.tell('storageDegraded', { reason }) && !isHeard) {
      warn(`the outbox is kept in memory alone: ${reason}`);
    }
  }

  /** Nothing more comes but what is said of whatever is asked of a closed client, each time before this is told again. */
  closed(): void {
    const parts = this.#told;
    if (!parts) return;
    this.#parts = new WeakRef(parts);
    parts.listeners.clear();
    parts.event.clear();
    parts.presence.clear();
    parts.recordListens?.clear();
    parts.rpc.clear();
    parts.outbox.close();
    this.#records?.closed();
    this.#records = undefined;
  }
}
