import { storedRecord, type Fail, type OfflineStore, type StoredRecord } from './offline-store.js';
import { Options, type IndexdbOptions, type OptionDefaults } from './options.js';

/** How long after a failed attempt to open the database the next one is made: the double each time, up to the most. */
const FIRST_RETRY_MS = 1_000;
const MOST_RETRY_MS = 60_000;
/** How many records wait for a database that cannot be opened. */
const MOST_WAITING = 1_000;

/** Something to be done within a transaction. */
interface Operation {
  /** The record that is to be kept or forgotten; none for a question, which is answered in any case. */
  readonly name?: string;
  readonly isWrite: boolean;
  readonly run: (transaction: IDBTransaction) => IDBRequest;
  /** Called when it is over, with what went wrong, if anything. */
  readonly end: (exception?: unknown) => void;
  /** What failed along with others is done again, once and alone. */
  isRepeated?: boolean;
}

/**
 * Records in IndexedDB, stored as `@deepstream/client` does. What is asked for in one go is done in one transaction, and
 * transactions are done in order.
 * @internal
 */
export class IndexedStore implements OfflineStore {
  readonly #options: OptionDefaults['indexdb'];
  #database: IDBDatabase | undefined;
  #isOpening = false;
  #isFlushing = false;
  #isClosed = false;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** Why it could not be opened the last time. */
  #problem: unknown;
  /** The last thing to be done to each record, until it is. */
  readonly #saves = new Map<string, Operation & { readonly record: StoredRecord | undefined }>();
  #queue = new Set<Operation>();

  constructor(
    given: IndexdbOptions,
    private readonly deployment: string,
    private readonly fail: Fail,
  ) {
    const isGiven = ([, value]: [string, unknown]): boolean => value !== undefined;
    this.#options = { ...Options.indexdb, ...Object.fromEntries(Object.entries(given).filter(isGiven)) };
  }

  load(name: string, found: (record: StoredRecord | undefined) => void): void {
    const saving = this.#saves.get(name);
    if (saving) return found(saving.record);
    let record: StoredRecord | undefined;
    this.#add({
      isWrite: false,
      run: (transaction) => {
        const [store, key] = this.#placeOf(name, transaction);
        const request = store.get(key);
        request.onsuccess = () => (record = this.#read(request.result));
        return request;
      },
      end: (exception) => {
        if (exception !== undefined) this.fail(exception);
        if (!this.#isClosed) found(record);
      },
    });
  }

  save(name: string, record: StoredRecord | undefined): void {
    const operation = {
      name,
      record,
      isWrite: true,
      run: (transaction: IDBTransaction) => {
        const [store, key] = this.#placeOf(name, transaction);
        if (!record) return store.delete(key);
        const data = JSON.parse(record.text);
        const value = { [this.#options.primaryKey]: key, version: record.version, data, server: this.deployment };
        return store.put(value);
      },
      end: () => {
        if (this.#saves.get(name) === operation) this.#saves.delete(name);
      },
    };
    const older = this.#saves.get(name);
    if (older) this.#queue.delete(older);
    this.#saves.set(name, operation);
    this.#add(operation);
  }

  clear(done: (exception?: unknown) => void): void {
    for (const save of this.#saves.values()) this.#queue.delete(save);
    this.#saves.clear();
    const clear: Operation = {
      isWrite: true,
      run: (transaction) => {
        const requests = [...transaction.objectStoreNames].map((store) => transaction.objectStore(store).clear());
        return requests[0] as IDBRequest;
      },
      end: done,
    };
    // What is to be saved is newer, even if this is done again.
    this.#queue = new Set([clear, ...this.#queue]);
    this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#schedule();
  }

  #add(operation: Operation): void {
    this.#queue.add(operation);
    this.#schedule();
  }

  /** In a microtask, which still runs when the page is being left. */
  #schedule(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const database = this.#database;
    if (!database) {
      if (this.#retry !== undefined) this.#answer(this.#problem);
      else if (this.#queue.size > 0) this.#open(this.#options.autoVersion ? undefined : this.#options.dbVersion);
      return;
    }
    const operations = [...this.#queue];
    this.#queue.clear();
    for (const operation of operations) if (operation.isRepeated) this.#transact(database, [operation]);
    const together = operations.filter(({ isRepeated }) => !isRepeated);
    if (together.length > 0) this.#transact(database, together);
    if (this.#isClosed) this.#letGo(database);
  }

  #transact(database: IDBDatabase, operations: readonly Operation[]): void {
    const failed = new Map<Operation, unknown>();
    const end = (operation: Operation, exception?: unknown): void => {
      if (exception !== undefined && operation.name !== undefined) this.fail(exception, operation.name);
      operation.end(exception);
    };
    // The connection may have died without a word, or one of them be to blame for all.
    const repeat = (exception: unknown): void => {
      this.#letGo(database);
      const again = operations.filter((operation) => !operation.isRepeated && this.#isWanted(operation));
      for (const operation of operations) if (!again.includes(operation)) end(operation, exception);
      for (const operation of again) operation.isRepeated = true;
      this.#queue = new Set([...again, ...this.#queue]);
      this.#schedule();
    };
    let transaction: IDBTransaction;
    try {
      const stores = this.#stores.filter((store) => database.objectStoreNames.contains(store));
      if (!stores.includes(this.#options.defaultObjectStoreName)) {
        const message = 'IndexedDB lacks an object store, expected a higher dbVersion, or autoVersion';
        return this.#giveUp(operations, new Error(message));
      }
      const isWrite = operations.some((operation) => operation.isWrite);
      transaction = database.transaction(stores, isWrite ? 'readwrite' : 'readonly');
    } catch (exception) {
      return repeat(exception);
    }
    transaction.oncomplete = () => {
      for (const operation of operations) end(operation, failed.get(operation));
    };
    transaction.onabort = () => repeat(transaction.error ?? new Error('IndexedDB has stopped a transaction'));
    for (const operation of operations) {
      try {
        const request = operation.run(transaction);
        request.onerror = (event) => {
          // The others are done all the same.
          event.preventDefault();
          failed.set(operation, request.error);
        };
      } catch (exception) {
        failed.set(operation, exception);
      }
    }
    transaction.commit?.();
  }

  /** Whether nothing newer has taken the place of it. */
  #isWanted(operation: Operation): boolean {
    return operation.name === undefined || this.#saves.get(operation.name) === operation;
  }

  /** Without a version the database is opened as it is, or made. */
  #open(version: number | undefined): void {
    if (this.#isOpening) return;
    this.#isOpening = true;
    try {
      const { indexedDB } = globalThis;
      if (!indexedDB) throw new Error('there is no IndexedDB');
      const request = indexedDB.open(this.#options.storageDatabaseName, version);
      request.onupgradeneeded = () => {
        for (const store of this.#stores) {
          if (request.result.objectStoreNames.contains(store)) continue;
          request.result.createObjectStore(store, { keyPath: this.#options.primaryKey });
        }
      };
      request.onsuccess = () => {
        this.#isOpening = false;
        this.#failures = 0;
        this.#onOpened(request.result);
      };
      request.onerror = (event) => {
        event.preventDefault();
        this.#isOpening = false;
        // It was made with a higher version: what is in it is as good.
        if (version !== undefined && request.error?.name === 'VersionError') this.#open(undefined);
        else this.#onNotOpened(request.error);
      };
      request.onblocked = () => this.#answer(new Error('another page keeps IndexedDB from being opened'));
    } catch (exception) {
      this.#isOpening = false;
      this.#giveUp([...this.#queue], exception);
    }
  }

  #onOpened(database: IDBDatabase): void {
    const isComplete = this.#stores.every((store) => database.objectStoreNames.contains(store));
    if (this.#options.autoVersion && !isComplete) {
      const { version } = database;
      database.close();
      return this.#open(version + 1);
    }
    this.#database = database;
    // Another page wants to change or delete it, and waits for this one.
    database.onversionchange = () => this.#letGo(database);
    database.onclose = () => this.#letGo(database);
    this.#flush();
  }

  /** Tries again later, for the records that are to be kept. */
  #onNotOpened(exception: unknown): void {
    this.#problem = exception;
    this.#answer(exception);
    const waiting = [...this.#queue];
    if (this.#isClosed) return this.#giveUp(waiting, exception);
    this.#giveUp(waiting.slice(0, -MOST_WAITING), exception);
    if (waiting.length === 0) return;
    const delay = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, MOST_RETRY_MS);
    this.#failures += 1;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#flush();
    }, delay);
  }

  #letGo(database: IDBDatabase): void {
    database.close();
    if (this.#database === database) this.#database = undefined;
  }

  /** Lets nobody wait who has asked something. */
  #answer(exception: unknown): void {
    this.#giveUp([...this.#queue].filter(({ name }) => name === undefined), exception);
    if (this.#queue.size > 0) this.fail(exception);
  }

  #giveUp(operations: readonly Operation[], exception: unknown): void {
    if (operations.some(({ name }) => name !== undefined)) this.fail(exception);
    for (const operation of operations) {
      this.#queue.delete(operation);
      operation.end(exception ?? true);
    }
  }

  get #stores(): string[] {
    return [...new Set([...this.#options.objectStoreNames, this.#options.defaultObjectStoreName])];
  }

  /** The object store of a record, and its key there: `users/ada` is `ada` in the object store `users`, if that is one. */
  #placeOf(name: string, transaction: IDBTransaction): [store: IDBObjectStore, key: string] {
    const end = name.indexOf('/');
    const store = name.slice(0, Math.max(end, 0));
    const isOne = this.#options.objectStoreNames.includes(store) && transaction.objectStoreNames.contains(store);
    const [place, key] = isOne ? [store, name.slice(end + 1)] : [this.#options.defaultObjectStoreName, name];
    return [transaction.objectStore(place), key];
  }

  #read(value: any): StoredRecord | undefined {
    if (value === undefined || (value.server !== undefined && value.server !== this.deployment)) return undefined;
    return storedRecord(value.version, value.data, this.fail);
  }
}
