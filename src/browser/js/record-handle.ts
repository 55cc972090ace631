import { checkFunction, checkOptionalFunction, invalid } from './arguments.js';
import { Emitter } from './emitter.js';
import type { MergeStrategy } from './options.js';
import { outcome, promise, type Done } from './outcome.js';
import type { RecordHub, SharedRecord } from './record-hub.js';
import type { Record, RecordEvents, RecordHolder, RecordSubscribeOptions, WriteAckCallback } from './record.js';
import { defineDisposal, type SubscribeOptions, type Subscription } from './subscription.js';

/**
 * One holder of a record.
 * @internal
 */
export abstract class Handle<Self, Events> extends Emitter<Events> implements RecordHolder<Self> {
  declare [Symbol.dispose]: () => void;
  protected readonly shared: SharedRecord;

  constructor(
    protected readonly hub: RecordHub,
    readonly name: string,
  ) {
    super();
    this.shared = hub.open(name);
    this.shared.hold(this);
  }

  override on(event: string, listener: unknown, scope?: unknown, options?: SubscribeOptions): this {
    super.on(event, listener, scope, options);
    this.onListener(event);
    return this;
  }

  override once(event: string, listener: unknown, scope?: unknown): this {
    super.once(event, listener, scope);
    this.onListener(event);
    return this;
  }

  /** Somebody listens from now on. */
  protected onListener(event: string): void {
    if (event === 'onRecordStateChanged') this.hub.watchState(this.shared);
  }

  get isReady(): boolean {
    return this.shared.isReady;
  }

  get isFromStorage(): boolean {
    return this.shared.isFromStorage;
  }

  get version(): number {
    return this.shared.version as number;
  }

  whenReady(): Promise<Self>;
  whenReady(callback: (record: Self) => void): void;
  whenReady(callback?: (record: Self) => void): Promise<Self> | void {
    const self = this as unknown as Self;
    const onReady = checkOptionalFunction<(record: Self) => void>('callback', callback);
    return onReady ? this.shared.whenReady(() => onReady(self)) : this.readiness(self);
  }

  /** Resolves with the value when the record is loaded. */
  readiness<Value>(value: Value): Promise<Value> {
    return promise((done) => {
      const doneWithValue: Done = (error, _value, isExpected) => done(error, value, isExpected);
      this.shared.awaitReady(doneWithValue);
    });
  }

  discard(): void {
    this.shared.release(this);
  }

  delete(): Promise<void>;
  delete(callback: (error: string | null) => void): void;
  delete(callback?: (error: string | null) => void): Promise<void> | void {
    return outcome<void>(
      checkOptionalFunction('callback', callback),
      (done) => this.shared.delete(done),
      () => undefined,
    );
  }

  setMergeStrategy(mergeStrategy: MergeStrategy): void {
    this.hub.strategies.set(this.name, checkFunction('mergeStrategy', mergeStrategy));
    this.hub.applyStrategies();
  }

  /** What tells a callback of a write, or nobody. */
  protected acknowledge(callback: unknown): Done | undefined {
    return acknowledge(this.name, callback);
  }
}

defineDisposal(Handle.prototype as Handle<unknown, unknown>, function (this: Handle<unknown, unknown>) {
  this.discard();
});

/** @internal */
export class RecordHandle<Data = any> extends Handle<Record<Data>, RecordEvents<Data>> implements Record<Data> {
  static override readonly name = 'Record';
  get hasProvider(): boolean {
    return this.shared.hasProvider;
  }

  get(path?: string): any {
    return this.shared.get(path ? path : undefined);
  }

  set(...given: unknown[]): void {
    const { path, data, callback } = setArguments(given);
    this.shared.set(path, data, this.acknowledge(callback));
  }

  setWithAck(...given: unknown[]): any {
    const { path, data, callback } = setArguments(given);
    if (callback) return this.shared.set(path, data, this.acknowledge(callback));
    return promise((done) => this.shared.set(path, data, asVoid(done)));
  }

  setMulti(patches: object, callback?: WriteAckCallback): void {
    if (typeof patches !== 'object' || patches === null || Array.isArray(patches)) {
      throw invalid('patches', 'an object with paths as its names', patches);
    }
    this.shared.setMulti(patches, this.acknowledge(callback));
  }

  erase(path: string): void {
    this.shared.set(checkPath(path), undefined, undefined);
  }

  eraseWithAck(path: string): Promise<void>;
  eraseWithAck(path: string, callback: (error: string) => void): void;
  eraseWithAck(path: string, callback?: (error: string) => void): Promise<void> | void {
    return callback
      ? this.setWithAck(checkPath(path), undefined, callback)
      : this.setWithAck(checkPath(path), undefined);
  }

  subscribe(...given: unknown[]): Subscription {
    const { path, callback, triggerNow, signal } = subscribeArguments(given);
    return this.shared.subscribe(this, path, checkFunction('callback', callback), triggerNow, undefined, signal);
  }

  unsubscribe(...given: unknown[]): void {
    const { path, callback } = subscribeArguments(given);
    this.shared.unsubscribe(this, path ?? '', checkOptionalFunction('callback', callback));
  }
}

/** @internal */
export function acknowledge(name: string, callback: unknown): Done | undefined {
  const told = checkOptionalFunction<WriteAckCallback>('callback', callback);
  return told && ((error) => told(error && error.code, name));
}

/** @internal */
export function asVoid(done: Done): Done {
  return (error, _value, isExpected) => done(error, undefined, isExpected);
}

/**
 * `(data, callback?)` or `(path, data, callback?)`.
 * @internal
 */
export function setArguments(given: unknown[]): {
  path: string | undefined;
  data: unknown;
  callback: unknown;
  options: unknown;
} {
  if (typeof given[0] !== 'string') {
    // Wrappers give the path that they were not given.
    const [data, callback, options] = given[0] === undefined ? given.slice(1) : given;
    return { path: undefined, data, callback, options };
  }
  if (given.length < 2) throw invalid('data', 'what is to be at the path, or undefined to erase it', 'nothing');
  return { path: checkPath(given[0]), data: given[1], callback: given[2], options: given[3] };
}

/**
 * `(callback, options?)` or `(path, callback, options?)`, where `true` stands for `{ triggerNow: true }`.
 * @internal
 */
export function subscribeArguments(given: unknown[]): {
  path: string | undefined;
  callback: unknown;
  triggerNow: boolean;
  signal: AbortSignal | undefined;
} {
  const hasPath = typeof given[0] !== 'function' && given[0] !== undefined;
  const [callback, options] = typeof given[0] === 'function' ? given : given.slice(1);
  return { path: hasPath ? checkPath(given[0]) : undefined, callback, ...subscribeOptions(options) };
}

/** @internal */
export function subscribeOptions(options: unknown): { triggerNow: boolean; signal: AbortSignal | undefined } {
  if (options === undefined || options === null || typeof options === 'boolean') {
    return { triggerNow: options === true, signal: undefined };
  }
  if (typeof options !== 'object') throw invalid('options', 'an object, or whether to trigger now', options);
  const { triggerNow, signal } = options as RecordSubscribeOptions;
  return { triggerNow: triggerNow === true, signal };
}

function checkPath(path: unknown): string {
  if (typeof path === 'string' && path !== '') return path;
  throw invalid('path', 'a non-empty string', path);
}
