import { Question } from '../../../target/glue/deepstream_wasm.js';
import { checkFunction, checkOptionalFunction, invalid, optionalFirst } from './arguments.js';
import { Emitter } from './emitter.js';
import type { MergeStrategy } from './options.js';
import { outcome, promise, type Done } from './outcome.js';
import type { RecordHub, SharedRecord } from './record-hub.js';
import type { Record, RecordEvents, RecordHolder, RecordSubscribeOptions, WriteAckCallback } from './record.js';
import { defineDisposal, type Subscription } from './subscription.js';

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

  protected override onListener(event: string): void {
    if (event === 'onRecordStateChanged') this.hub.watchState(this.shared);
  }

  get isReady(): boolean {
    return this.shared.isReady;
  }

  get isFromStorage(): boolean {
    return this.shared.is(Question.IsFromStorage);
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
    return promise((done) => this.shared.awaitReady(withValue(done, value)));
  }

  discard(): void {
    this.shared.release(this);
  }

  delete(): Promise<void>;
  delete(callback: (error: string | null) => void): void;
  delete(callback?: (error: string | null) => void): Promise<void> | void {
    return outcome<void>(callback, (done) => this.shared.delete(done), () => undefined);
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

defineDisposal(Handle.prototype, 'discard');

/** @internal */
export class RecordHandle<Data = any> extends Handle<Record<Data>, RecordEvents<Data>> implements Record<Data> {
  static override readonly name = 'Record';
  get hasProvider(): boolean {
    return this.shared.is(Question.HasProvider);
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
    return withAck(this.name, callback, (done) => this.shared.set(path, data, done));
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
    return this.setWithAck(checkPath(path), undefined, callback);
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

/**
 * Has a write tell a callback, or gives its outcome as a promise.
 * @internal
 */
export function withAck(name: string, callback: unknown, write: (done: Done | undefined) => void): any {
  if (callback) return write(acknowledge(name, callback));
  return promise((done) => write(withValue(done, undefined)));
}

/** Tells the outcome with this value in the place of its own. */
function withValue(done: Done, value: unknown): Done {
  return (error, _value, isExpected) => done(error, value, isExpected);
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
  const [path, callback, options] = optionalFirst(given);
  return { path: path === undefined ? undefined : checkPath(path), callback, ...subscribeOptions(options) };
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
