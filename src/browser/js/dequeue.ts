import { Action } from '../../../target/glue/deepstream_wasm.js';
import { checkFunction, checkOptionalFunction, invalid, optionalFirst } from './arguments.js';
import type { EventSource } from './emitter.js';
import { EntriesHandle, type EntryEvents } from './entries.js';
import { checkIndex } from './list.js';
import type { Done } from './outcome.js';
import { subscribeOptions } from './record-handle.js';
import type { RecordHub } from './record-hub.js';
import type { RecordEvents, RecordHolder, RecordSubscribeOptions, WriteAckCallback } from './record.js';
import type { Subscription } from './subscription.js';

/** What a queue tells its listeners. */
export type DequeueEvents = RecordEvents<object, Dequeue> & EntryEvents;

/** The ends of a queue. */
export type DequeuePosition = 'first' | 'last';

/**
 * A record that is a queue with two ends, kept as a doubly linked list: `client.record.getDq(name)`. What one call changes
 * is one version of the record.
 *
 * @example
 * const jobs = await client.record.getDq('jobs').whenReady();
 * jobs.push('jobs/1');
 * const next = jobs.shift();
 */
export interface Dequeue extends RecordHolder<Dequeue>, EventSource<DequeueEvents> {
  /** The entries, from the first to the last: the same array until they are different, which must not be changed. */
  getEntries(): string[];
  /** Whether there are no entries. */
  isEmpty(): boolean;
  /** The first entry; '' if there is none. */
  getFirst(): string;
  /** The last entry; '' if there is none. */
  getLast(): string;

  /**
   * Replaces all entries.
   * @param callback Is told when the server has them, or why it will not.
   * @throws {DeepstreamError} for anything but an array
   */
  setEntries(entries: readonly string[], callback?: WriteAckCallback): void;
  /** Replaces all entries, and tells when the server has them: see `record.setWithAck`. */
  setEntriesWithAck(entries: readonly string[]): Promise<void>;
  /** Replaces all entries, and calls back. */
  setEntriesWithAck(entries: readonly string[], callback: WriteAckCallback): void;
  /** Replaces all entries, with a promise unless there is a callback. */
  setEntriesWithAck(entries: readonly string[], callback?: WriteAckCallback): Promise<void> | void;

  /** Adds an entry behind the last. Before the queue is loaded, what is added and removed changes what will be loaded. */
  push(entry: string): void;
  /** Adds an entry before the first. */
  unshift(entry: string): void;
  /** Removes the last entry and gives it back; '' if there is none, and before the queue is loaded if none was added here. */
  pop(): string;
  /** Removes the first entry and gives it back; '' as `pop` does. */
  shift(): string;

  /**
   * Adds an entry before the one at this index.
   * @throws {DeepstreamError} for an index out of range
   */
  insertEntry(entry: string, index: number): void;

  /**
   * Removes an entry: the first that is equal, or the one at this index.
   * @throws {DeepstreamError} if there is none
   */
  removeEntry(entry: string, index?: number): void;

  /**
   * Calls back with all entries whenever the queue is different.
   * @returns What ends this subscription, if it is not left to `unsubscribe` or `discard`.
   * @throws {DeepstreamError} for a callback that is not a function, or a signal that is none
   */
  subscribe(callback: (entries: string[]) => void, options?: boolean | RecordSubscribeOptions): Subscription;
  /** Calls back with the entry at one end whenever it is another one. */
  subscribe(
    position: DequeuePosition,
    callback: (entry: any) => void,
    options?: boolean | RecordSubscribeOptions,
  ): Subscription;

  /** Ends what `subscribe` began with the same arguments; without a callback, all at this end. */
  unsubscribe(callback: (entries: string[]) => void): void;
  /** Ends what `subscribe` began at one end. */
  unsubscribe(position: DequeuePosition, callback?: (entry: any) => void): void;
}

/** The keys of what is before and behind; '' for nothing. */
interface Link {
  readonly p: string;
  readonly n: string;
}

interface Node extends Link {
  readonly d: string;
}

/** The record as other clients of deepstream write it: 'h' has the keys of the last (p) and the first (n) node. */
type Nodes = { readonly h?: Link } & { readonly [key: string]: Node };

const HEAD = 'h';

/** The index that stands for the last of equal entries. */
const LAST = -1;

/** @internal */
export class DequeueHandle extends EntriesHandle<Dequeue, DequeueEvents> implements Dequeue {
  static override readonly name = 'Dequeue';
  /** Whose subscriptions are to one end. */
  readonly #ends = { first: {}, last: {} };

  constructor(hub: RecordHub, name: string) {
    super(hub, name, entriesOf);
  }

  override discard(): void {
    for (const owner of Object.values(this.#ends)) this.shared.unsubscribe(owner, '');
    super.discard();
  }

  isEmpty(): boolean {
    const { n, p } = headOf(this.#nodes());
    return !n && !p;
  }

  getFirst(): string {
    return endOf(this.#nodes(), 'first');
  }

  getLast(): string {
    return endOf(this.#nodes(), 'last');
  }

  push(entry: string): void {
    if (!this.shared.isReady) return this.shared.changeEntries(Action.Enqueue, entry, undefined);
    this.#insert(entry, '');
  }

  unshift(entry: string): void {
    if (!this.shared.isReady) return this.shared.changeEntries(Action.Enqueue, entry, 0);
    this.#insert(entry, headOf(this.#nodes()).n);
  }

  pop(): string {
    return this.#remove(headOf(this.#nodes()).p, LAST);
  }

  shift(): string {
    return this.#remove(headOf(this.#nodes()).n);
  }

  insertEntry(entry: string, index: number): void {
    if (!this.shared.isReady) return this.shared.changeEntries(Action.Enqueue, entry, checkIndex(index));
    const keys = keysOf(this.#nodes());
    const place = checkIndex(index, keys.length) ?? keys.length;
    this.#insert(entry, keys[place] ?? '');
  }

  removeEntry(entry: string, index?: number): void {
    if (!this.shared.isReady) return this.shared.changeEntries(Action.Dequeue, entry, checkIndex(index));
    const nodes = this.#nodes();
    const isIt = (key: string, at: number): boolean =>
      nodes[key]?.d === entry && (index === undefined || index === at);
    const key = keysOf(nodes).find(isIt);
    if (key === undefined) throw invalid('entry', 'what is in the queue', entry);
    this.#remove(key);
  }

  subscribe(...given: any[]): Subscription {
    const { owner, callback, triggerNow, signal, view } = this.#subscription(given);
    const listener = checkFunction<(value: any) => void>('callback', callback);
    return this.shared.subscribe(owner, undefined, listener, triggerNow, view, signal);
  }

  unsubscribe(...given: any[]): void {
    const { owner, callback } = this.#subscription(given);
    this.shared.unsubscribe(owner, '', checkOptionalFunction('callback', callback));
  }

  #subscription(given: any[]) {
    const [position, callback, options] = optionalFirst(given);
    const { triggerNow, signal } = subscribeOptions(options);
    if (position === undefined) return { owner: this, callback, triggerNow, signal, view: entriesOf };
    if (position !== 'first' && position !== 'last') throw invalid('position', "'first' or 'last'", position);
    let before = endOf(this.#nodes(), position);
    let isTriggered = triggerNow;
    const view = (nodes: Nodes): string | undefined => {
      const [old, now] = [before, endOf(nodes, position)];
      before = now;
      const isNews = isTriggered || old !== now;
      isTriggered = false;
      return isNews ? now : undefined;
    };
    return { owner: this.#ends[position as DequeuePosition], callback, triggerNow, signal, view };
  }

  #nodes(): Nodes {
    return this.shared.get(undefined) as Nodes;
  }

  protected override replace(entries: readonly string[], done: Done | undefined): void {
    if (!Array.isArray(entries)) throw invalid('entries', 'an array', entries);
    const last = entries.length - 1;
    const key = (index: number): string => (index < 0 || index > last ? '' : String(index));
    const nodes = entries.map((entry, index) => ({ d: entry, p: key(index - 1), n: key(index + 1) }));
    this.shared.set(undefined, { [HEAD]: { n: key(0), p: key(last) }, ...nodes }, done);
  }

  /** Adds an entry before the node with this key; '' stands for the end. */
  #insert(entry: string, before: string): void {
    const nodes = this.#nodes();
    const head = headOf(nodes);
    if (!head.n && !head.p) return this.replace([entry], undefined);
    const behind = before ? (nodes[before]?.p ?? '') : head.p;
    const key = freeKey(nodes);
    this.#change({
      [key]: { d: entry, p: behind, n: before },
      [`${behind || HEAD}.n`]: key,
      [`${before || HEAD}.p`]: key,
    });
  }

  /** Before the queue is loaded, `index` says which of the equal entries it is; the first, unless given. */
  #remove(key: string, index?: number): string {
    const node = this.#nodes()[key];
    if (!key || !node) return '';
    const { d, p, n } = node;
    if (!this.shared.isReady) {
      this.shared.changeEntries(Action.Dequeue, d, index);
      return d;
    }
    this.#change({ [`${p || HEAD}.n`]: n, [`${n || HEAD}.p`]: p, [key]: undefined });
    return d;
  }

  #change(patches: { [path: string]: unknown }): void {
    this.shared.setMulti(patches, undefined);
  }
}

function headOf(nodes: Nodes | undefined): Link {
  return nodes?.h ?? { p: '', n: '' };
}

/** The keys of the nodes in order. A queue that others have tangled ends where it comes back to itself. */
function keysOf(nodes: Nodes | undefined): string[] {
  const keys = new Set<string>();
  for (let key = headOf(nodes).n; key && !keys.has(key) && nodes?.[key]; key = nodes[key]?.n ?? '') keys.add(key);
  return [...keys];
}

function entriesOf(nodes: Nodes | undefined): string[] {
  return keysOf(nodes).map((key) => nodes?.[key]?.d ?? '');
}

function endOf(nodes: Nodes | undefined, position: DequeuePosition): string {
  const head = headOf(nodes);
  return nodes?.[position === 'first' ? head.n : head.p]?.d ?? '';
}

function freeKey(nodes: Nodes): string {
  let key = 0;
  while (nodes[key] !== undefined) key += 1;
  return String(key);
}
