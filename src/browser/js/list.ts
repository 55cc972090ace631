import { Action } from '../../../target/glue/deepstream_wasm.js';
import { checkFunction, checkOptionalFunction, invalid } from './arguments.js';
import type { EventSource } from './emitter.js';
import { EntriesHandle, type EntryEvents } from './entries.js';
import type { Done } from './outcome.js';
import { subscribeOptions } from './record-handle.js';
import type { EntryChange, RecordHub } from './record-hub.js';
import type { RecordEvents, RecordHolder, RecordSubscribeOptions, WriteAckCallback } from './record.js';
import type { Subscription } from './subscription.js';

/** What a list tells its listeners. */
export type ListEvents = RecordEvents<string[], List> & EntryEvents;

/**
 * A record that is an array of strings, mostly names of records: `client.record.getList(name)`.
 *
 * @example
 * const books = await client.record.getList('books').whenReady();
 * books.on('entry-added', (name, index) => show(name, index));
 * books.addEntry('books/dune');
 */
export interface List extends RecordHolder<List>, EventSource<ListEvents> {
  /**
   * The entries, in order: the same array until they are different, which must not be changed; `[...list.getEntries()]` is a
   * copy. Empty if the record is not an array.
   */
  getEntries(): string[];

  /** Whether there are no entries. */
  isEmpty(): boolean;

  /**
   * Replaces all entries.
   * @param callback Is told when the server has them, or why it will not.
   * @throws {DeepstreamError} for anything but an array of strings
   * @example
   * books.setEntries(['books/dune', 'books/emma']);
   */
  setEntries(entries: readonly string[], callback?: WriteAckCallback): void;

  /**
   * Replaces all entries, and tells when the server has them: see `record.setWithAck`.
   * @example
   * await books.setEntriesWithAck([]);
   */
  setEntriesWithAck(entries: readonly string[]): Promise<void>;
  /** Replaces all entries, and calls back. */
  setEntriesWithAck(entries: readonly string[], callback: WriteAckCallback): void;
  /** Replaces all entries, with a promise unless there is a callback. */
  setEntriesWithAck(entries: readonly string[], callback?: WriteAckCallback): Promise<void> | void;

  /**
   * Adds an entry. Before the list is loaded, it is added to what will be loaded.
   * @param index Where, from 0 to the number of entries; at the end, unless given.
   * @throws {DeepstreamError} for an entry that is not a string, or an index out of range
   * @example
   * books.addEntry('books/dune', 0);
   */
  addEntry(entry: string, index?: number, callback?: WriteAckCallback): void;

  /**
   * Removes an entry, wherever it is in the list. Before the list is loaded, it is removed from what will be loaded.
   * @param index Removes it from here alone, if it is here.
   * @throws {DeepstreamError} for an index out of range
   * @example
   * books.removeEntry('books/dune');
   */
  removeEntry(entry: string, index?: number, callback?: WriteAckCallback): void;

  /**
   * Calls back with all entries whenever they are different.
   * @param options Whether to call back with those of now as well, or more than that.
   * @returns What ends this subscription, if it is not left to `unsubscribe` or `discard`.
   * @throws {DeepstreamError} for a callback that is not a function, or a signal that is none
   * @example
   * books.subscribe((names) => show(names), true);
   */
  subscribe(callback: (entries: string[]) => void, options?: boolean | RecordSubscribeOptions): Subscription;

  /** Ends what `subscribe` began with the same callback; without one, all. */
  unsubscribe(callback?: (entries: string[]) => void): void;
}

/** @internal */
export class ListHandle extends EntriesHandle<List, ListEvents> implements List {
  static override readonly name = 'List';
  constructor(hub: RecordHub, name: string) {
    super(hub, name, entriesOf);
  }

  isEmpty(): boolean {
    return this.getEntries().length === 0;
  }

  protected override replace(entries: readonly string[], done: Done | undefined): void {
    if (!Array.isArray(entries) || !entries.every((entry) => typeof entry === 'string')) {
      throw invalid('entries', 'an array of strings', entries);
    }
    this.shared.set(undefined, entries, done);
  }

  addEntry(entry: string, index?: number, callback?: WriteAckCallback): void {
    if (typeof entry !== 'string') throw invalid('entry', 'a string', entry);
    if (!this.shared.isReady) return this.#change(Action.AddEntry, entry, index, callback);
    const entries = [...this.getEntries()];
    entries.splice(checkIndex(index, entries.length) ?? entries.length, 0, entry);
    this.setEntries(entries, callback);
  }

  removeEntry(entry: string, index?: number, callback?: WriteAckCallback): void {
    if (!this.shared.isReady) return this.#change(Action.RemoveEntry, entry, index, callback);
    const entries = this.getEntries();
    const place = checkIndex(index, entries.length);
    const rest = entries.filter((its, at) => its !== entry || (place !== undefined && place !== at));
    this.setEntries(rest, callback);
  }

  /** Changes what the list will be when it is loaded. */
  #change(what: EntryChange, entry: string, index: number | undefined, callback: WriteAckCallback | undefined): void {
    this.shared.changeEntries(what, entry, checkIndex(index), this.acknowledge(callback));
  }

  subscribe(callback: (entries: string[]) => void, options?: boolean | RecordSubscribeOptions): Subscription {
    const { triggerNow, signal } = subscribeOptions(options);
    const listener = checkFunction<typeof callback>('callback', callback);
    return this.shared.subscribe(this, undefined, listener, triggerNow, entriesOf, signal);
  }

  unsubscribe(callback?: (entries: string[]) => void): void {
    this.shared.unsubscribe(this, '', checkOptionalFunction('callback', callback));
  }
}

function entriesOf(data: unknown): string[] {
  return Array.isArray(data) ? [...data] : [];
}

/**
 * @param length The last index that there can be; not known before the record is loaded.
 * @internal
 */
export function checkIndex(index: number | undefined, length = 2 ** 31 - 1): number | undefined {
  if (index === undefined || (Number.isInteger(index) && index >= 0 && index <= length)) return index;
  throw invalid('index', `a whole number from 0 to ${length}`, index);
}
