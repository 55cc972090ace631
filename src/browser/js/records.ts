import { Action, Question } from '../../../target/glue/deepstream_wasm.js';
import { AnonymousRecordHandle, type AnonymousRecord } from './anonymous-record.js';
import type { DefineRecords } from './client.js';
import { checkDelivery } from './delivery.js';
import type { RecordData, RecordPathData } from './constants.js';
import { DequeueHandle, type Dequeue } from './dequeue.js';
import { checkFunction, checkName, invalid } from './arguments.js';
import type { Serialisable } from './event.js';
import { ListHandle, type List } from './list.js';
import { Listens, type ListenCallback } from './listen.js';
import type { MergeStrategy, Options } from './options.js';
import type { SetDataOptions } from './outbox.js';
import { outcome, type Done } from './outcome.js';
import { acknowledge, RecordHandle, setArguments, withAck } from './record-handle.js';
import { dataText, RecordHub } from './record-hub.js';
import type { Record, WriteAckCallback } from './record.js';

/**
 * Documents that many clients read and write: `client.record`. Names are not empty.
 *
 * Functions without a callback return a promise, which is rejected with a {@link DeepstreamError}; callbacks get its `code`,
 * or `null`.
 *
 * @example
 * const note = client.record.getRecord<{ title: string }>('note');
 * await note.whenReady();
 * note.set('title', 'Shopping');
 */
export interface RecordHandler {
  /**
   * Opens a record, and makes it if there is none. Every call gives another object, to be discarded by itself; they all stand
   * for one record.
   * @throws {DeepstreamError} for a name that is empty or not a string
   * @example
   * const note = client.record.getRecord<Note>('note');
   */
  getRecord<Data = any>(name: string): Record<Data>;

  /**
   * Opens a record that is an array of strings.
   * @throws {DeepstreamError} for a name that is empty or not a string
   */
  getList(name: string): List;

  /**
   * Opens a record that is a queue with two ends.
   * @throws {DeepstreamError} for a name that is empty or not a string
   */
  getDq(name: string): Dequeue;

  /** Something that stands for one record after another. */
  getAnonymousRecord<Data = any>(): AnonymousRecord<Data>;

  /**
   * Reads a record without opening it. Of one that is open here it is what is seen here.
   * @throws {DeepstreamError} for a name that is empty or not a string; the promise rejects with `RECORD_NOT_FOUND` where there
   * is no such record
   * @example
   * const note = await client.record.snapshot<Note>('note');
   */
  snapshot<Data = any>(name: string): Promise<Data>;
  /** Reads a record, and calls back. */
  snapshot<Data = any>(name: string, callback: (error: string | null, data: Data) => void): void;

  /**
   * Asks whether there is a record.
   * @example
   * if (await client.record.has('note')) open('note');
   */
  has(name: string): Promise<boolean>;
  /** Asks whether there is a record, and calls back. */
  has(name: string, callback: (error: string | null, has: boolean | null) => void): void;

  /**
   * Asks for the version of a record; -1 stands for none.
   * @example
   * const version = await client.record.head('note');
   */
  head(name: string): Promise<number>;
  /** Asks for the version of a record, and calls back. */
  head(name: string, callback: (error: string | null, version: number) => void): void;

  /**
   * Writes to a record without opening it. One that is open here is written to as with `record.set`; any other is written
   * over whatever the server has, and made if there is none. While there is no connection that waits for one, in the outbox,
   * and so survives the page, unless the options say otherwise.
   * @param callback Is told when the server has it, or why it will not.
   * @param options For a record that is not open here.
   * @throws {DeepstreamError} as `record.set` does, and for options that are wrong
   * @example
   * client.record.setData('note', { title: 'Shopping' });
   * client.record.setData('note', 'title', 'Shopping');
   * client.record.setData('cursors/ada', { x: 3, y: 7 }, undefined, { delivery: 'drop' });
   */
  setData<Data extends object | null | undefined>(
    name: string,
    data: Data & Serialisable<Data>,
    callback?: WriteAckCallback,
    options?: SetDataOptions,
  ): void;
  /** Writes to a path of a record; `undefined` erases. */
  setData<Data>(
    name: string,
    path: string,
    data: (Data & Serialisable<Data>) | undefined,
    callback?: WriteAckCallback,
    options?: SetDataOptions,
  ): void;
  /** Writes to a record, or to a path of it. */
  setData(
    name: string,
    pathOrData: string | RecordData,
    dataOrCallback: RecordPathData | WriteAckCallback | undefined,
    callback?: WriteAckCallback,
  ): void;

  /**
   * Like `setData`, and tells when the server has it. The promise is rejected when the client is closed or stops trying before
   * that; what is in the outbox is still sent later.
   * @example
   * await client.record.setDataWithAck('note', { title: 'Shopping' });
   */
  setDataWithAck<Data extends object | null | undefined>(
    name: string,
    data: Data & Serialisable<Data>,
    callback?: WriteAckCallback,
    options?: SetDataOptions,
  ): Promise<string | void> | void;
  /** Writes to a path of a record, and tells when the server has it. */
  setDataWithAck<Data>(
    name: string,
    path: string,
    data: (Data & Serialisable<Data>) | undefined,
    callback?: WriteAckCallback,
    options?: SetDataOptions,
  ): Promise<string | void> | void;

  /**
   * Deletes a record, open or not: see `record.delete`.
   * @example
   * await client.record.delete('note');
   */
  delete(name: string): Promise<void>;
  /** Deletes a record, and calls back. */
  delete(name: string, callback: (error: string | null) => void): void;
  /** Deletes a record, with a promise unless there is a callback. */
  delete(name: string, callback?: (error: string | null) => void): Promise<void> | void;

  /**
   * Tells the server that records were changed in its storage by something else, so that all clients get what is there. A server
   * without storage has then lost them.
   * @throws {DeepstreamError} for anything but an array of names
   * @example
   * await client.record.notify(['note']);
   */
  notify(names: readonly string[]): Promise<void>;
  /** Tells the server, and calls back. */
  notify(names: readonly string[], callback: (error: string) => void): void;
  /** Tells the server, with a promise unless there is a callback. */
  notify(names: readonly string[], callback?: (error: string) => void): Promise<void> | void;

  /**
   * Asks the callback about every record that somebody opens, this client included, and whose name matches the pattern: whether
   * this client provides it. So data need only be written while somebody wants it; those who hold the record see it in
   * `hasProvider`. Listening outlives lost connections.
   * @param pattern A regular expression, in the server's language (JavaScript). The server reports one that is none as
   * `INVALID_LISTEN_REGEX`. To a pattern that is listened to already nothing is added; the console says `LISTENER_EXISTS`.
   * @throws {DeepstreamError} for a pattern that is empty or not a string, or a callback that is not a function
   * @example
   * client.record.listen('^weather/', (name, response) => {
   *   const timer = setInterval(() => client.record.setData(name, weatherOf(name)), 60_000);
   *   response.onStop(() => clearInterval(timer));
   *   response.accept();
   * });
   */
  listen(pattern: string, callback: ListenCallback): void;

  /**
   * Ends what `listen` began. What was accepted ends too, so `onStop` is called.
   * @throws {DeepstreamError} for a pattern that is empty or not a string
   * @example
   * client.record.unlisten('^weather/');
   */
  unlisten(pattern: string): void;

  /**
   * Has storage keep what the server has of the records that are open here: see the option `offlineEnabled`. It does so by
   * itself when a record is first loaded and when the connection ends, and with `saveUpdatesOffline` after every change.
   * @example
   * client.record.saveToOfflineStorage();
   */
  saveToOfflineStorage(): void;

  /**
   * Forgets what storage has of records. Those that are open here stay as they are, and are kept again when they change; for
   * a logout, `close()` first.
   * @returns Resolves when that is done; at once without the option `offlineEnabled`. A storage of the application's own must
   * call back.
   * @throws {DeepstreamError} (the promise rejects) with `OFFLINE_STORAGE_ERROR` when the storage fails
   * @example
   * client.close();
   * await client.record.clearOfflineStorage();
   */
  clearOfflineStorage(): Promise<void>;
  /** Forgets it, and calls back with `null` or the code of an error. */
  clearOfflineStorage(callback: (error: string | null) => void): void;
  /** Forgets it, with a promise unless there is a callback. */
  clearOfflineStorage(callback?: (error: string | null) => void): Promise<void> | void;

  /** The names of the records that are open here, lists and queues included, in alphabetical order. */
  names(): string[];

  /**
   * Decides for one record what becomes of changes made here and elsewhere at the same time.
   * @throws {DeepstreamError} for a name that is empty or not a string, and a strategy that is not a function
   * @example
   * client.record.setMergeStrategy('note', MERGE_STRATEGIES.LOCAL_WINS);
   */
  setMergeStrategy(name: string, mergeStrategy: MergeStrategy): void;

  /**
   * Decides so for all records whose name matches and that have no strategy of their own; the first that matches counts.
   * @throws {DeepstreamError} for anything but a regular expression, and a strategy that is not a function
   * @example
   * client.record.setMergeStrategyRegExp(/^notes\//, MERGE_STRATEGIES.THREE_WAY);
   */
  setMergeStrategyRegExp(pattern: RegExp, mergeStrategy: MergeStrategy): void;
}

/** What tells the records of these servers from those of others in the same storage. */
function deploymentOf(url: string | readonly string[], options?: Partial<Options>): string {
  if (options?.outbox?.key !== undefined) return options.outbox.key;
  // Who logs in may stand in the query or before the host: that must not be found in storage, nor hide what is there.
  return String([url].flat()[0])
    .replace(/\?[^]*/, '')
    .replace(/^((?:\w+:)?\/\/|)[^/]*@/, '$1');
}

/** @internal */
export const defineRecords: DefineRecords = (client, compiled, sink, url, options) => {
  const records = new Records(new RecordHub(compiled, sink, options, deploymentOf(url, options)));
  client.record = records;
  return records.listens;
};

/** @internal */
export class Records implements RecordHandler {
  static readonly name = 'RecordHandler';
  /** @internal */
  readonly listens: Listens;

  constructor(private readonly hub: RecordHub) {
    this.listens = new Listens('RECORD', hub.compiled);
  }

  getRecord<Data = any>(name: string): Record<Data> {
    return new RecordHandle<Data>(this.hub, name);
  }

  getList(name: string): List {
    return new ListHandle(this.hub, name);
  }

  getDq(name: string): Dequeue {
    return new DequeueHandle(this.hub, name);
  }

  getAnonymousRecord<Data = any>(): AnonymousRecord<Data> {
    return new AnonymousRecordHandle<Data>(this.hub);
  }

  snapshot(name: string, callback?: (error: string | null, data: any) => void): any {
    return outcome(callback, (done) => this.#ask(Action.Snapshot, name, done));
  }

  has(name: string, callback?: (error: string | null, has: boolean | null) => void): any {
    const isThere = (version: number | undefined): boolean | null => (version === undefined ? null : version >= 0);
    return outcome(callback, (done) => this.#ask(Action.Head, name, done), isThere);
  }

  head(name: string, callback?: (error: string | null, version: number) => void): any {
    return outcome(callback, (done) => this.#ask(Action.Head, name, done));
  }

  setData(name: string, ...given: unknown[]): void {
    const { path, data, callback, options } = setArguments(given);
    this.#setData(name, path, data, options, acknowledge(name, callback));
  }

  setDataWithAck(name: string, ...given: unknown[]): any {
    const { path, data, callback, options } = setArguments(given);
    return withAck(name, callback, (done) => this.#setData(name, path, data, options, done));
  }

  #setData(name: string, path: string | undefined, data: unknown, options: unknown, done: Done | undefined): void {
    const { delivery, ttl } = checkDelivery(options, false);
    checkName('name', name);
    const text = dataText(path, data);
    this.#await(this.hub.compiled.command(Action.SetData, name, text, delivery, !!done, path, ttl), done);
  }

  delete(name: string, callback?: (error: string | null) => void): any {
    return outcome(callback, (done) => this.#ask(Action.Delete, name, done), () => undefined);
  }

  notify(names: readonly string[], callback?: (error: string) => void): any {
    return outcome(
      callback,
      (done) => {
        const { compiled } = this.hub;
        const list = checkNames(names);
        this.#await(compiled.command(Action.Notify, '', undefined, undefined, undefined, undefined, undefined, list), done);
      },
      () => undefined,
    );
  }

  #ask(what: Action.Snapshot | Action.Head | Action.Delete, name: string, done: Done): void {
    this.#await(this.hub.compiled.command(what, checkName('name', name)), done);
  }

  #await(ticket: number, done: Done | undefined): void {
    this.hub.sink.waiting.addDone(ticket, done);
  }

  listen(pattern: string, callback: ListenCallback): void {
    this.listens.listen(pattern, callback);
  }

  unlisten(pattern: string): void {
    this.listens.unlisten(pattern);
  }

  saveToOfflineStorage(): void {
    this.hub.compiled.command(Action.Save, '');
  }

  clearOfflineStorage(callback?: (error: string | null) => void): any {
    return outcome(callback, (done) => this.hub.offline.clear(done));
  }

  names(): string[] {
    return this.hub.compiled.ask(Question.Names, '');
  }

  setMergeStrategy(name: string, mergeStrategy: MergeStrategy): void {
    this.#setStrategy(checkName('name', name), mergeStrategy);
  }

  setMergeStrategyRegExp(pattern: RegExp, mergeStrategy: MergeStrategy): void {
    if (typeof pattern?.test !== 'function') throw invalid('pattern', 'a regular expression', pattern);
    this.#setStrategy(pattern, mergeStrategy);
  }

  #setStrategy(key: string | RegExp, mergeStrategy: MergeStrategy): void {
    this.hub.strategies.set(key, checkFunction('mergeStrategy', mergeStrategy));
    this.hub.applyStrategies();
  }
}

function checkNames(names: readonly string[]): string[] {
  if (Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === 'string' && name)) return names;
  throw invalid('names', 'an array of non-empty strings', names);
}
