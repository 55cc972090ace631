import { Action, type DeepstreamClient as Compiled } from '../../../target/glue/deepstream_wasm.js';
import { DeepstreamError } from './error.js';
import { wordsOf, type Fail, type OfflineStore } from './offline-store.js';
import { AdapterStore } from './offline-store-adapter.js';
import { IndexedStore } from './offline-store-indexed.js';
import { LocalStore } from './offline-store-local.js';
import type { Options } from './options.js';
import type { Done } from './outcome.js';

/** How long `clearOfflineStorage` waits for a storage that does not answer. */
const LONGEST_CLEAR_MS = 5_000;

/**
 * Does for the WebAssembly side what it wants of the storage of records, if the options ask for one.
 * @internal
 */
export class OfflineRecords {
  readonly #store: OfflineStore | undefined;

  /** @param deployment What tells the records of these servers from those of others. */
  constructor(
    private readonly compiled: Compiled,
    options: Partial<Options>,
    deployment: string,
  ) {
    const told = new Set<string>();
    this.#store = storeOf(options, deployment, (exception, name) => {
      const words = wordsOf(exception);
      // A storage that is full or forbidden says so of every record; what cannot be stored is to blame itself.
      if (told.has(words) && words !== 'DataCloneError') return;
      told.add(words);
      compiled.command(Action.StorageFailed, '', name === undefined ? words : `${words}, for the record '${name}'`);
    });
  }

  load(lookup: number, name: string): void {
    // Whoever opens a record may still add listeners to it.
    queueMicrotask(() => {
      this.#store?.load(name, (record) =>
        this.compiled.command(Action.LookedUp, name, record?.text, lookup, undefined, undefined, record?.version),
      );
    });
  }

  save(name: string, version: number, text: string | undefined): void {
    this.#store?.save(name, text === undefined ? undefined : { version, text });
  }

  clear(done: Done): void {
    if (!this.#store) return queueMicrotask(() => done(null, undefined, false));
    this.compiled.command(Action.StorageCleared, '');
    const ended = (exception?: unknown): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      if (exception === undefined) return done(null, undefined, false);
      const message = `the storage of records cannot be emptied: ${wordsOf(exception)}`;
      done(new DeepstreamError(message, 'OFFLINE_STORAGE_ERROR', { cause: exception, topic: 'RECORD' }), undefined, false);
    };
    let isOver = false;
    const timer = setTimeout(ended, LONGEST_CLEAR_MS, new Error('it does not answer, or another page has it open'));
    this.#store.clear(ended);
  }

  close(): void {
    this.#store?.close();
  }
}

/** None is touched before it is needed. */
function storeOf(options: Partial<Options>, deployment: string, fail: Fail): OfflineStore | undefined {
  if (!options.offlineEnabled) return undefined;
  if (options.storage) return new AdapterStore(options.storage, fail);
  if (options.storageName === 'localstorage') return new LocalStore(deployment, fail);
  return new IndexedStore(options.indexdb ?? {}, deployment, fail);
}
