import { Action } from '../../../target/glue/deepstream_wasm.js';
import { checkFunction, checkOptionalFunction } from './arguments.js';
import { Emitter, type EventSource } from './emitter.js';
import { DeepstreamError } from './error.js';
import type { MergeStrategy } from './options.js';
import { RecordHandle, subscribeArguments } from './record-handle.js';
import type { RecordHub } from './record-hub.js';
import type { Record, RecordEvents, RecordHolder } from './record.js';
import { defineDisposal, subscribe as beginSubscription, type Subscription } from './subscription.js';
import { promiseOf } from './waiting.js';

/** What an anonymous record tells its listeners: what the record of the moment does, and that it is another one. */
export interface AnonymousRecordEvents<Data = any> extends RecordEvents<Data, Record<Data>> {
  /** It stands for the record with this name now. */
  nameChanged: (name: string) => void;
}

/**
 * Stands for one record after another: `client.record.getAnonymousRecord()`. Subscriptions stay when the record is
 * exchanged, and are called with what the new one has.
 *
 * @example
 * const selected = client.record.getAnonymousRecord<User>();
 * selected.subscribe('email', (email) => show(email));
 * selected.setName('users/ada');
 */
export interface AnonymousRecord<Data = any>
  extends
    RecordHolder<AnonymousRecord<Data>>,
    Pick<
      Record<Data>,
      'hasProvider' | 'get' | 'set' | 'setWithAck' | 'setMulti' | 'erase' | 'eraseWithAck' | 'subscribe' | 'unsubscribe'
    >,
    EventSource<AnonymousRecordEvents<Data>> {
  /** The name of the record it stands for; '' before the first. */
  readonly name: string;

  /**
   * Lets go of the record of now, and stands for another one.
   * @returns Resolves with this when the other one is loaded.
   * @throws {DeepstreamError} for a name that is empty or not a string; the promise rejects as that of `whenReady`
   * @example
   * await selected.setName('users/ada');
   */
  setName(name: string): Promise<AnonymousRecord<Data>>;
  /** Stands for another record, and calls back as soon as that is loaded. */
  setName(name: string, callback: (record: AnonymousRecord<Data>) => void): void;
  /** Stands for another record, with a promise unless there is a callback. */
  setName(name: string, callback?: (record: AnonymousRecord<Data>) => void): Promise<AnonymousRecord<Data>> | void;
}

const FORWARDED = ['ready', 'discard', 'delete', 'error', 'hasProviderChanged', 'conflict', 'onRecordStateChanged'];

interface Wanted {
  readonly path: string | undefined;
  readonly callback: (value: any) => void;
  readonly onRemoved: (() => void) | undefined;
  /** That to the record of now. */
  subscription?: Subscription;
}

/** @internal */
export class AnonymousRecordHandle<Data = any>
  extends Emitter<AnonymousRecordEvents<Data>>
  implements AnonymousRecord<Data>
{
  static override readonly name = 'AnonymousRecord';
  declare [Symbol.dispose]: () => void;
  #record: RecordHandle<Data> | undefined;
  #subscriptions: Wanted[] = [];
  /** To be called when there is a name. */
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly hub: RecordHub) {
    super();
  }

  get name(): string {
    return this.#record?.name ?? '';
  }

  get isReady(): boolean {
    return this.#record?.isReady ?? false;
  }

  get isFromStorage(): boolean {
    return this.#record?.isFromStorage ?? false;
  }

  get version(): number {
    return this.#record ? this.#record.version : -1;
  }

  get hasProvider(): boolean {
    return this.#record?.hasProvider ?? false;
  }

  whenReady(): Promise<AnonymousRecord<Data>>;
  whenReady(callback: (record: AnonymousRecord<Data>) => void): void;
  whenReady(callback?: (record: AnonymousRecord<Data>) => void): Promise<AnonymousRecord<Data>> | void {
    const onReady = checkOptionalFunction<(record: AnonymousRecord<Data>) => void>('callback', callback);
    const record = this.#record;
    if (onReady) {
      if (record) record.whenReady(() => onReady(this));
      else this.#waiting.push(() => this.whenReady(onReady));
      return;
    }
    return record ? record.readiness(this) : this.#readinessOfNext();
  }

  #readinessOfNext(): Promise<AnonymousRecord<Data>> {
    return new Promise((resolve) => {
      let forget = (): unknown => undefined;
      const settle = (): void => {
        forget();
        // Without a name there is nothing to wait for in a client that is closed, which says so.
        resolve(this.#record?.readiness(this) ?? promiseOf(this.hub.sink.waiting, this.hub.compiled.command(Action.AwaitReady, '')));
      };
      this.#waiting.push(settle);
      forget = this.hub.onClosed(settle);
    });
  }

  setName(name: string): Promise<AnonymousRecord<Data>>;
  setName(name: string, callback: (record: AnonymousRecord<Data>) => void): void;
  setName(name: string, callback?: (record: AnonymousRecord<Data>) => void): any {
    const onReady = checkOptionalFunction<(record: AnonymousRecord<Data>) => void>('callback', callback);
    if (name !== this.name || !name) {
      const record = new RecordHandle<Data>(this.hub, name);
      this.discard();
      this.#record = record;
      for (const event of FORWARDED) record.on(event, (...details: unknown[]) => this.tell(event, ...details));
      for (const wanted of this.#subscriptions) subscribe(record, wanted, true);
      for (const callback of this.#waiting.splice(0)) callback();
      this.tell('nameChanged', name);
    }
    if (onReady) return this.whenReady(onReady);
    const isReady = this.whenReady();
    // Few look at it: what keeps a record from being loaded is told by its events as well.
    isReady.catch(() => undefined);
    return isReady;
  }

  get(path?: string): any {
    return this.#record?.get(path);
  }

  set(...given: unknown[]): void {
    this.#named().set(...given);
  }

  setWithAck(...given: unknown[]): any {
    return this.#named().setWithAck(...given);
  }

  setMulti(patches: object, callback?: (error: string | null, recordName: string) => void): void {
    this.#named().setMulti(patches, callback);
  }

  erase(path: string): void {
    this.#named().erase(path);
  }

  eraseWithAck(path: string, callback?: any): any {
    return this.#named().eraseWithAck(path, callback);
  }

  subscribe(...given: unknown[]): Subscription {
    const { path, callback, triggerNow, signal } = subscribeArguments(given);
    const listener = checkFunction<Wanted['callback']>('callback', callback);
    this.hub.compiled.command(Action.CheckPath, '', undefined, undefined, undefined, path);
    return beginSubscription(signal, (onRemoved) => {
      const wanted = { path, callback: listener, onRemoved };
      this.#subscriptions.push(wanted);
      if (this.#record) subscribe(this.#record, wanted, triggerNow);
      return () => this.#end((other) => other === wanted);
    });
  }

  unsubscribe(...given: unknown[]): void {
    const { path, callback } = subscribeArguments(given);
    this.#end((wanted) => wanted.path === path && (!callback || wanted.callback === callback));
  }

  #end(isMeant: (wanted: Wanted) => boolean): void {
    const ended = this.#subscriptions.filter(isMeant);
    this.#subscriptions = this.#subscriptions.filter((wanted) => !ended.includes(wanted));
    for (const { subscription, onRemoved } of ended) {
      subscription?.unsubscribe();
      onRemoved?.();
    }
  }

  discard(): void {
    this.#record?.off();
    this.#record?.discard();
  }

  delete(): Promise<void>;
  delete(callback: (error: string | null) => void): void;
  delete(callback?: any): any {
    return this.#named().delete(callback);
  }

  setMergeStrategy(mergeStrategy: MergeStrategy): void {
    this.#named().setMergeStrategy(mergeStrategy);
  }

  #named(): RecordHandle<Data> {
    if (this.#record) return this.#record;
    throw new DeepstreamError('the anonymous record has no name yet, expected setName() before', 'RECORD_NOT_FOUND');
  }
}

defineDisposal(AnonymousRecordHandle.prototype, 'discard');

function subscribe(record: RecordHandle, wanted: Wanted, triggerNow: boolean): void {
  const { path, callback } = wanted;
  wanted.subscription =
    path === undefined ? record.subscribe(callback, triggerNow) : record.subscribe(path, callback, triggerNow);
}
