import { Action, Question, type DeepstreamClient as Compiled } from '../../../target/glue/deepstream_wasm.js';
import { checkName, invalid, jsonOf } from './arguments.js';
import type { Emitter } from './emitter.js';
import { callSafely, Listeners, type Listener } from './listeners.js';
import type { DeepstreamError } from './error.js';
import { settle, Strategies } from './merge.js';
import { OfflineRecords } from './offline.js';
import type { Options } from './options.js';
import type { Done } from './outcome.js';
import type { RecordConflict } from './record.js';
import type { Sink } from './sink.js';
import { subscribe, type Subscription } from './subscription.js';
import { parseJson } from './waiting.js';

/**
 * Brings what the WebAssembly side tells about records to those who hold them.
 * @internal
 */
export class RecordHub {
  readonly strategies: Strategies;
  readonly isCopying: boolean;
  readonly offline: OfflineRecords;
  #isClosed = false;
  readonly #onClosed = new Set<() => void>();
  /** The last states that were told of records whose states somebody wants to know. */
  readonly #states = new Map<SharedRecord, string | undefined>();
  /** By name, oldest first: of one that was opened again, the end of the former may still have to be told. */
  readonly #records = new Map<string, SharedRecord[]>();

  constructor(
    readonly compiled: Compiled,
    readonly sink: Sink,
    options: Partial<Options> = {},
    deployment = '',
  ) {
    this.strategies = new Strategies(options.mergeStrategy);
    this.isCopying = options.recordDeepCopy ?? true;
    this.offline = new OfflineRecords(compiled, options, deployment);
    sink.records = this;
  }

  /** Opens a record once more. */
  open(name: string): SharedRecord {
    const isFirst = !this.compiled.ask(Question.IsOpen, checkName('name', name));
    this.#setStrategy(Action.Open, name);
    const records = this.#records.get(name) ?? [];
    const newest = records.at(-1);
    if (newest && !isFirst) return newest;
    if (newest) newest.isOpen = false;
    const record = new SharedRecord(this, name);
    if (this.#isClosed) record.isOpen = false;
    else this.#records.set(name, [...records, record]);
    return record;
  }

  /** Has the records that are open follow their strategies. */
  applyStrategies(): void {
    for (const name of this.#records.keys()) this.#setStrategy(Action.SetStrategy, name);
  }

  ready(name: string): void {
    this.#oldest(name)?.onReady();
  }

  changed(name: string, path: string, text: string | undefined): void {
    this.#oldest(name)?.onChanged(path, text);
  }

  ended(name: string, isDeleted: boolean, version: number | undefined, text: string): void {
    const [oldest, ...others] = this.#records.get(name) ?? [];
    if (others.length > 0) this.#records.set(name, others);
    else this.#records.delete(name);
    if (!oldest) return;
    oldest.last = { version, text };
    oldest.onEnded(isDeleted ? 'delete' : 'discard', this.#states.delete(oldest));
    this.#watchStates();
  }

  /** It is not open, and has writes that an earlier page could not send. */
  restored(name: string): void {
    this.#setStrategy(Action.SetStrategy, name);
  }

  #setStrategy(what: Action.Open | Action.SetStrategy, name: string): void {
    this.compiled.command(what, name, undefined, this.strategies.numberOf(name));
  }

  providerChanged(name: string, hasProvider: boolean): void {
    this.#oldest(name)?.tell('hasProviderChanged', hasProvider);
  }

  conflict(name: string, local: string | undefined, remote: string | undefined): void {
    const sides = (): RecordConflict => ({ localValue: parseOrNull(local), remoteValue: parseOrNull(remote) });
    this.#oldest(name)?.tell('conflict', sides());
    // Nobody may hold the record: what an earlier page wrote is settled all the same.
    this.sink.happened('recordConflict', { name, ...sides() });
  }

  failed(name: string, error: DeepstreamError): void {
    this.#oldest(name)?.tell('error', error.code, error);
  }

  merge(
    question: number,
    name: string,
    local: string | undefined,
    localVersion: number,
    remote: string | undefined,
    remoteVersion: number,
  ): void {
    const answer = (what: Action.AnswerMerge | Action.FailMerge, text: string | undefined): unknown =>
      this.compiled.command(what, '', text, question);
    settle(
      this.strategies.of(name),
      [parseOrNull(local), localVersion],
      [parseOrNull(remote), remoteVersion],
      (text) => answer(Action.AnswerMerge, text),
      (words) => answer(Action.FailMerge, words),
    );
  }

  load(lookup: number, name: string): void {
    this.offline.load(lookup, name);
  }

  store(name: string, version: number, text: string | undefined): void {
    this.offline.save(name, version, text);
  }

  /** Has the record tell when it comes to another state. */
  watchState(record: SharedRecord): void {
    if (this.#states.has(record) || !record.isOpen) return;
    this.#states.set(record, this.#stateOf(record));
    this.#watchStates();
  }

  #watchStates(): void {
    this.compiled.command(Action.WatchStates, '', undefined, this.#states.size);
  }

  #stateOf(record: SharedRecord): string | undefined {
    return this.compiled.ask(Question.State, record.name);
  }

  somethingHappened(): void {
    for (const [record, before] of this.#states) {
      const state = this.#stateOf(record);
      // One that has ended tells so itself.
      if (!record.isOpen || state === undefined || state === before) continue;
      this.#states.set(record, state);
      record.tell('onRecordStateChanged', state);
    }
  }

  closed(): void {
    this.#isClosed = true;
    this.offline.close();
    for (const records of this.#records.values()) for (const record of records) record.close();
    this.#records.clear();
    this.#states.clear();
    for (const callback of this.#onClosed) callback();
  }

  /** Calls back when the client is closed, at once if it is; returns how to take that back. */
  onClosed(callback: () => void): () => void {
    if (this.#isClosed) callback();
    else this.#onClosed.add(callback);
    return () => this.#onClosed.delete(callback);
  }

  #oldest(name: string): SharedRecord | undefined {
    return this.#records.get(name)?.[0];
  }
}

/** A listener by path; its scope is whose it is. */
interface RecordSubscription extends Listener {
  /** What the callback gets of a value; `undefined` if it is not to be called. */
  readonly view: ((value: any) => unknown) | undefined;
  /** Whether it is told after those that are not. */
  readonly isLast: boolean;
  /** Whether it is to be called first when the record is ready. */
  isWaiting: boolean;
  /** What it was called with outside of changes, so that the news of the same is none. */
  seen: string | undefined;
  hasEnded: boolean;
}

interface Remembered {
  revision: number;
  readonly text: string | undefined;
  value: unknown;
  /** What JSON makes of the value as long as nobody has changed it, once somebody has got it. */
  written: string | undefined;
}

/** The most paths of one record whose values are remembered for `get`. */
const MOST_REMEMBERED = 100;

/**
 * One record for all who hold it.
 * @internal
 */
export class SharedRecord {
  /** Whether its name still stands for it. */
  isOpen = true;
  /** What it was when it ended. */
  last: { readonly version: number | undefined; readonly text: string } | undefined;
  readonly compiled: Compiled;
  #holders: { readonly handle: Emitter<any>; isHolding: boolean }[] = [];
  /** By path; '' is the whole record. */
  readonly #subscriptions = new Listeners<RecordSubscription>((path) => {
    if (this.isOpen) this.compiled.command(Action.Unwatch, this.name, undefined, undefined, undefined, path);
  });
  #whenReady: (() => void)[] = [];
  readonly #remembered = new Map<string | undefined, Remembered>();

  constructor(
    readonly hub: RecordHub,
    readonly name: string,
  ) {
    this.compiled = hub.compiled;
  }

  get isReady(): boolean {
    return this.is(Question.IsReady);
  }

  get version(): number | null {
    return (this.isOpen ? this.compiled.ask(Question.Version, this.name) : this.last?.version) ?? null;
  }

  is(what: Question.IsReady | Question.IsFromStorage | Question.HasProvider): boolean {
    return this.isOpen && this.compiled.ask(what, this.name);
  }

  /** The handle will be told events, until the record ends or others hold it alone. */
  hold(handle: Emitter<any>): void {
    this.#holders = this.#holders.filter(({ isHolding }) => isHolding);
    this.#holders.push({ handle, isHolding: true });
  }

  release(handle: Emitter<any>): void {
    const holder = this.#holders.find((holder) => holder.handle === handle);
    if (!holder?.isHolding) return;
    holder.isHolding = false;
    // The last one is to hear of the end.
    if (this.#holders.some(({ isHolding }) => isHolding)) this.#holders.splice(this.#holders.indexOf(holder), 1);
    for (const path of this.#subscriptions.names()) this.unsubscribe(handle, path);
    if (this.isOpen) this.compiled.command(Action.Discard, this.name);
  }

  /** Calls back when the record is ready, at once if it is. */
  whenReady(callback: () => void): void {
    if (this.isReady) callback();
    else this.#whenReady.push(callback);
  }

  /** The same value until it is different, or whoever got it has changed it. */
  get(path: string | undefined): unknown {
    const revision = this.compiled.revision();
    let known = this.#remembered.get(path);
    if (known?.revision !== revision || !this.isOpen) {
      const text = this.#textAt(path) ?? (path === undefined ? '{}' : undefined);
      if (!known || known.text !== text) {
        if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
        known = { revision, text, value: parseJson(text), written: undefined };
        this.#remembered.set(path, known);
      }
      known.revision = revision;
    }
    if (this.hub.isCopying && isStructure(known.text)) {
      const written = textOf(known.value);
      // Mostly it is the same text, which is then in memory once.
      known.written ??= written === known.text ? known.text : written;
      // What was given out may have been changed by whoever got it, unless the option says that nobody does.
      if (written !== known.written) known.value = parseJson(known.text);
    }
    return known.value;
  }

  #textAt(path: string | undefined): string | undefined {
    if (path !== undefined && typeof path !== 'string') throw invalid('path', 'a string', path);
    if (this.isOpen) return this.compiled.ask(Question.Value, this.name, path);
    return this.last && this.compiled.ask(Question.ValueIn, this.last.text, path);
  }

  set(path: string | undefined, data: unknown, done: Done | undefined): void {
    this.#await(done, (isAwaited) =>
      this.compiled.command(Action.Set, this.name, dataText(path, data), undefined, isAwaited, path),
    );
  }

  setMulti(patches: object, done: Done | undefined): void {
    this.#await(done, (isAwaited) => {
      const edits = Object.entries(patches).flatMap(([path, data]) => [path, dataText(path, data)]);
      return this.compiled.command(Action.SetMulti, this.name, undefined, undefined, isAwaited, undefined, undefined, edits);
    });
  }

  changeEntries(what: EntryChange, entry: unknown, index: number | undefined, done?: Done): void {
    this.#await(done, (isAwaited) =>
      this.compiled.command(what, this.name, jsonOf('entry', entry), index, isAwaited),
    );
  }

  delete(done: Done): void {
    this.#await(done, () => this.compiled.command(Action.Delete, this.name));
  }

  awaitReady(done: Done): void {
    this.#await(done, () => this.compiled.command(Action.AwaitReady, this.name));
  }

  #await(done: Done | undefined, command: (isAwaited: boolean) => number): void {
    const ticket = this.isOpen ? command(!!done) : this.#refuse(!!done);
    this.hub.sink.waiting.addDone(ticket, done);
  }

  #refuse(isAwaited: boolean): number {
    return this.compiled.command(Action.Refuse, this.name, undefined, undefined, isAwaited);
  }

  subscribe(
    owner: object,
    path: string | undefined,
    callback: (value: any) => void,
    triggerNow: boolean,
    view?: (value: any) => unknown,
    signal?: AbortSignal,
    isLast = false,
  ): Subscription {
    this.compiled.command(Action.CheckPath, '', undefined, undefined, undefined, path);
    return subscribe(signal, (onRemoved) => {
      if (!this.isOpen) {
        this.#refuse(false);
        onRemoved?.();
        return () => {};
      }
      const key = path ?? '';
      const isFirst = !this.#subscriptions.has(key);
      const subscription: RecordSubscription = {
        call: callback,
        scope: owner,
        view,
        isLast,
        onRemoved: () => {
          subscription.hasEnded = true;
          onRemoved?.();
        },
        isWaiting: triggerNow,
        seen: undefined,
        hasEnded: false,
      };
      const end = this.#subscriptions.add(key, subscription);
      if (isFirst) this.compiled.command(Action.Watch, this.name, undefined, undefined, undefined, path);
      if (triggerNow) this.whenReady(() => this.#trigger(path, subscription));
      return end;
    });
  }

  /** Ends the subscriptions of an owner at a path: those with the callback, if there is one. */
  unsubscribe(owner: object, key: string, callback?: Function): void {
    this.#subscriptions.remove(key, callback, owner);
  }

  tell(event: string, ...details: unknown[]): void {
    for (const { handle } of [...this.#holders]) handle.tell(event, ...details);
  }

  onReady(): void {
    for (const { handle } of [...this.#holders]) handle.tell('ready', handle);
    for (const callback of this.#whenReady.splice(0)) callSafely(callback);
  }

  onChanged(key: string, text: string | undefined): void {
    let value = parseJson(text);
    let isFresh = true;
    const inOrder = this.#subscriptions.of(key).sort((one, other) => Number(one.isLast) - Number(other.isLast));
    for (const subscription of inOrder) {
      const isKnown = subscription.seen !== undefined && subscription.seen === text;
      subscription.seen = undefined;
      if (isKnown || subscription.isWaiting || subscription.hasEnded) continue;
      if (!isFresh && this.hub.isCopying && isStructure(text)) value = parseJson(text);
      isFresh = false;
      tell(subscription, value);
    }
  }

  onEnded(event: 'delete' | 'discard', isWatched: boolean): void {
    this.close();
    if (isWatched) this.tell('onRecordStateChanged', event === 'delete' ? 'DELETED' : 'UNSUBSCRIBED');
    for (const { handle } of this.#holders.splice(0)) handle.tell(event, handle);
  }

  /** Nothing more comes. */
  close(): void {
    this.isOpen = false;
    this.#whenReady = [];
    this.#subscriptions.clear();
  }

  #trigger(path: string | undefined, subscription: RecordSubscription): void {
    if (subscription.hasEnded) return;
    subscription.isWaiting = false;
    subscription.seen = this.compiled.ask(Question.Value, this.name, path);
    tell(subscription, this.get(path));
  }
}

/**
 * What is done with an entry of a list or queue that is not loaded.
 * @internal
 */
export type EntryChange = Action.AddEntry | Action.RemoveEntry | Action.Enqueue | Action.Dequeue;

/**
 * The JSON text of what is to be at a path; nothing to erase it.
 * @throws {DeepstreamError} for what JSON has no text for, and for a whole record that is neither an object nor an array
 * @internal
 */
export function dataText(path: string | undefined, data: unknown): string | undefined {
  const text = jsonOf('data', data);
  if (path !== undefined || isStructure(text)) return text;
  throw invalid('data', 'an object or an array, since there is no path', data);
}

function tell({ call, view }: RecordSubscription, value: unknown): void {
  callSafely(() => {
    const seen = view ? view(value) : value;
    if (!view || seen !== undefined) call(seen);
  });
}

/** `undefined` for what has come to be no JSON. */
function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function parseOrNull(text: string | undefined): any {
  return parseJson(text) ?? null;
}

function isStructure(text: string | undefined): text is string {
  return text !== undefined && (text.startsWith('{') || text.startsWith('['));
}
