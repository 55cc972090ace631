import { storedRecord, type Fail, type OfflineStore, type StoredRecord } from './offline-store.js';
import type { RecordOfflineStore } from './options.js';

/** What is to be kept of a record; `undefined` to forget it. */
type Wanted = StoredRecord | undefined;

/**
 * Records in a storage of the application's.
 * @internal
 */
export class AdapterStore implements OfflineStore {
  /** The records that are being written, with what is to be written next: of one at a time, lest the older comes last. */
  readonly #writing = new Map<string, { latest: Wanted; hasMore: boolean }>();

  constructor(
    private readonly storage: RecordOfflineStore,
    private readonly fail: Fail,
  ) {}

  load(name: string, found: (record: StoredRecord | undefined) => void): void {
    const writing = this.#writing.get(name);
    if (writing) return found(writing.latest);
    const [onAnswer, onFailure] = once<{ version: unknown; data: unknown }>(
      ({ version, data }) => found(this.#read(version, data)),
      (exception) => {
        this.fail(exception);
        found(undefined);
      },
    );
    attempt(() => this.storage.get(name, (_name, version, data) => onAnswer({ version, data })), onFailure);
  }

  save(name: string, record: StoredRecord | undefined): void {
    const writing = this.#writing.get(name);
    if (writing) {
      this.#writing.set(name, { latest: record, hasMore: true });
      return;
    }
    this.#writing.set(name, { latest: record, hasMore: false });
    const [onAnswer, onFailure] = once<unknown>((error) => {
      if (error) this.fail(error, name);
      const writing = this.#writing.get(name);
      this.#writing.delete(name);
      if (writing?.hasMore) this.save(name, writing.latest);
    });
    attempt(() => {
      if (record) return this.storage.set(name, record.version, JSON.parse(record.text), onAnswer);
      return this.storage.delete(name, onAnswer);
    }, onFailure);
  }

  clear(done: (exception?: unknown) => void): void {
    for (const name of this.#writing.keys()) this.#writing.set(name, { latest: undefined, hasMore: false });
    const [onAnswer, onFailure] = once<unknown>((error) => done(error ?? undefined));
    attempt(() => this.storage.reset(onAnswer), onFailure);
  }

  close(): void {}

  #read(version: unknown, data: unknown): StoredRecord | undefined {
    if (version === undefined || version === null || version === -1) return undefined;
    return storedRecord(version, data, this.fail);
  }
}

/** Two functions that tell how something ended, of which only the first call counts. */
function once<Answer>(
  onAnswer: (answer: Answer) => void,
  onFailure: Fail = onAnswer as Fail,
): [onAnswer: (answer: Answer) => void, onFailure: Fail] {
  let hasEnded = false;
  const orNot =
    <Value>(end: (value: Value) => void) =>
    (value: Value): void => {
      if (!hasEnded) {
        hasEnded = true;
        end(value);
      }
    };
  return [orNot(onAnswer), orNot(onFailure)];
}

/** Calls something of the application's, which may throw, or return a promise that is rejected. */
function attempt(call: () => unknown, onFailure: Fail): void {
  const fail = (exception: unknown): void => onFailure(exception ?? 'no reason was given');
  try {
    const returned = call() as Partial<PromiseLike<unknown>> | undefined;
    if (typeof returned?.then === 'function') returned.then(undefined, fail);
  } catch (exception) {
    fail(exception);
  }
}
