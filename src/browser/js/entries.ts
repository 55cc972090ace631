import type { Emitter } from './emitter.js';
import { Handle } from './record-handle.js';
import type { RecordHub, SharedRecord } from './record-hub.js';

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
 * Tells listeners of what has come, moved and gone, as soon and as long as there are any; after the subscribers, who show it.
 */
class EntryWatch {
  #before: readonly unknown[] | undefined;

  constructor(
    private readonly handle: Emitter<any>,
    private readonly shared: SharedRecord,
    private readonly entriesOf: (data: any) => readonly unknown[],
  ) {}

  /** A listener was added. */
  onListener(event: string): void {
    if (this.#before || !NAMES.includes(event) || !this.shared.isOpen) return;
    this.#before = [];
    let isFirst = true;
    const onChanged = (data: any): void => {
      const before = this.#before ?? [];
      this.#before = this.entriesOf(data);
      // What a record is loaded with was there before.
      if (!isFirst) this.#compare(before, this.#before);
      isFirst = false;
      if (!NAMES.some((name) => this.handle.hasListeners(name))) this.stop();
    };
    this.shared.subscribe(this, undefined, onChanged, true, undefined, undefined, true);
  }

  stop(): void {
    this.#before = undefined;
    this.shared.unsubscribe(this, '');
  }

  #compare(before: readonly unknown[], after: readonly unknown[]): void {
    const [old, now] = [positions(before), positions(after)];
    for (const [entry, indices] of old) {
      for (const index of indices.slice(now.get(entry)?.length ?? 0)) this.handle.tell('entry-removed', entry, index);
    }
    for (const [entry, indices] of now) {
      indices.forEach((index, nth) => {
        const was = old.get(entry)?.[nth];
        if (was === undefined) this.handle.tell('entry-added', entry, index);
        else if (was !== index) this.handle.tell('entry-moved', entry, index);
      });
    }
  }
}

/**
 * One holder of a record that has entries.
 * @internal
 */
export abstract class EntriesHandle<Self, Events> extends Handle<Self, Events> {
  readonly #watch: EntryWatch;
  #given: string[] = [];

  constructor(hub: RecordHub, name: string, entriesOf: (data: any) => readonly unknown[]) {
    super(hub, name);
    this.#watch = new EntryWatch(this, this.shared, entriesOf);
  }

  /** What was given before, unless the entries are others, or whoever got it has changed it. */
  protected keep(entries: string[]): string[] {
    const before = this.#given;
    const isSame = entries.length === before.length && entries.every((entry, index) => entry === before[index]);
    return isSame ? before : (this.#given = entries);
  }

  protected override onListener(event: string): void {
    super.onListener(event);
    this.#watch.onListener(event);
  }

  override discard(): void {
    this.#watch.stop();
    super.discard();
  }
}

/** Where each entry is. */
function positions(entries: readonly unknown[]): Map<unknown, number[]> {
  const positions = new Map<unknown, number[]>();
  entries.forEach((entry, index) => {
    const indices = positions.get(entry);
    if (indices) indices.push(index);
    else positions.set(entry, [index]);
  });
  return positions;
}
