import type { Done } from './outcome.js';
import { Handle, withAck } from './record-handle.js';
import type { RecordHub } from './record-hub.js';
import type { WriteAckCallback } from './record.js';

/** What a list and a queue tell their listeners besides what every record does. */
export interface EntryEvents<Entry = string> {
  /** An entry has come, at this index. */
  'entry-added': (entry: Entry, index: number) => void;
  /** An entry is at another index, this one. */
  'entry-moved': (entry: Entry, index: number) => void;
  /** An entry has gone, from this index. */
  'entry-removed': (entry: Entry, index: number) => void;
}

const NAMES = ['entry-added', 'entry-moved', 'entry-removed'];

/**
 * One holder of a record that has entries. It tells listeners of what has come, moved and gone, as soon and as long as there are
 * any; after the subscribers, who show it.
 * @internal
 */
export abstract class EntriesHandle<Self, Events> extends Handle<Self, Events> {
  readonly #entriesOf: (data: any) => string[];
  #given: string[] = [];
  /** Whose subscription is there for the listeners. */
  readonly #watch = {};
  /** What the listeners know of, while there are any. */
  #known: readonly string[] | undefined;

  constructor(hub: RecordHub, name: string, entriesOf: (data: any) => string[]) {
    super(hub, name);
    this.#entriesOf = entriesOf;
  }

  /** What was given before, unless the entries are others, or whoever got it has changed it. */
  getEntries(): string[] {
    const [entries, before] = [this.#entriesOf(this.shared.get(undefined)), this.#given];
    const isSame = entries.length === before.length && entries.every((entry, index) => entry === before[index]);
    return isSame ? before : (this.#given = entries);
  }

  setEntries(entries: readonly string[], callback?: WriteAckCallback): void {
    this.replace(entries, this.acknowledge(callback));
  }

  setEntriesWithAck(entries: readonly string[]): Promise<void>;
  setEntriesWithAck(entries: readonly string[], callback: WriteAckCallback): void;
  setEntriesWithAck(entries: readonly string[], callback?: WriteAckCallback): Promise<void> | void {
    return withAck(this.name, callback, (done) => this.replace(entries, done));
  }

  /** Makes these the entries, once they are checked. */
  protected abstract replace(entries: readonly string[], done: Done | undefined): void;

  protected override onListener(event: string): void {
    super.onListener(event);
    if (this.#known || !NAMES.includes(event) || !this.shared.isOpen) return;
    this.#known = [];
    let isFirst = true;
    const onChanged = (data: any): void => {
      const before = this.#known ?? [];
      this.#known = this.#entriesOf(data);
      // What a record is loaded with was there before.
      if (!isFirst) this.#compare(before, this.#known);
      isFirst = false;
      if (!NAMES.some((name) => this.hasListeners(name))) this.#stop();
    };
    this.shared.subscribe(this.#watch, undefined, onChanged, true, undefined, undefined, true);
  }

  override discard(): void {
    this.#stop();
    super.discard();
  }

  #stop(): void {
    this.#known = undefined;
    this.shared.unsubscribe(this.#watch, '');
  }

  #compare(before: readonly string[], after: readonly string[]): void {
    const [old, now] = [positions(before), positions(after)];
    for (const [entry, indices] of old) {
      for (const index of indices.slice(now.get(entry)?.length ?? 0)) this.tell('entry-removed', entry, index);
    }
    for (const [entry, indices] of now) {
      indices.forEach((index, nth) => {
        const was = old.get(entry)?.[nth];
        if (was === undefined) this.tell('entry-added', entry, index);
        else if (was !== index) this.tell('entry-moved', entry, index);
      });
    }
  }
}

/** Where each entry is. */
function positions(entries: readonly string[]): Map<string, number[]> {
  const positions = new Map<string, number[]>();
  entries.forEach((entry, index) => {
    const indices = positions.get(entry);
    if (indices) indices.push(index);
    else positions.set(entry, [index]);
  });
  return positions;
}
