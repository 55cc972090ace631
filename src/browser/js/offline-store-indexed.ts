import { storedRecord, type Fail, type OfflineStore, type StoredRecord } from './offline-store.js';
import { Options, type IndexdbOptions, type OptionDefaults } from './options.js';

/** Something to be done within a transaction. */
interface Operation {
  readonly isWrite: boolean;
  readonly run: (transaction: IDBTransaction, database: IDBDatabase) => void;
  /** Called when the transaction has ended, with what went wrong, if anything. */
  readonly end: (exception?: unknown) => void;
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
  #isUnusable = false;
  #isClosed = false;
  #queue: Operation[] = [];

  constructor(
    given: IndexdbOptions,
    private readonly deployment: string,
    private readonly fail: Fail,
  ) {
    const isGiven = ([, value]: [string, unknown]): boolean => value !== undefined;
    this.#options = { ...Options.indexdb, ...Object.fromEntries(Object.entries(given).filter(isGiven)) };
  }

  load(name: string, found: (record: StoredRecord | undefined) => void): void {
    let isAnswered = false;
    const answer = (record?: StoredRecord): void => {
      if (!isAnswered) found(record);
      isAnswered = true;
    };
    this.#add({
      isWrite: false,
      run: (transaction, database) => {
        const [store, key] = this.#placeOf(name, database);
        const request = transaction.objectStore(store).get(key);
        request.onsuccess = () => answer(this.#read(request.result));
      },
      end: () => answer(),
    });
  }

  save(name: string, record: StoredRecord | undefined): void {
    this.#add({
      isWrite: true,
      run: (transaction, database) => {
        const [store, key] = this.#placeOf(name, database);
        if (!record) return transaction.objectStore(store).delete(key);
        const data = JSON.parse(record.text);
        const value = { [this.#options.primaryKey]: key, version: record.version, data, server: this.deployment };
        return transaction.objectStore(store).put(value);
      },
      end: () => {},
    });
  }

  clear(done: (exception?: unknown) => void): void {
    this.#add({
      isWrite: true,
      run: (transaction) => {
        for (const store of transaction.objectStoreNames) transaction.objectStore(store).clear();
      },
      end: done,
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#queue = this.#queue.filter(({ isWrite }) => isWrite);
    this.#schedule();
  }

  #add(operation: Operation): void {
    if (this.#isUnusable) return operation.end(new Error('IndexedDB cannot be used'));
    this.#queue.push(operation);
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
      if (this.#queue.length > 0) this.#open(this.#options.autoVersion ? undefined : this.#options.dbVersion);
      return;
    }
    const operations = this.#queue.splice(0);
    if (operations.length > 0) this.#transact(database, operations);
    if (this.#isClosed) this.#letGo(database);
  }

  #transact(database: IDBDatabase, operations: readonly Operation[]): void {
    let hasEnded = false;
    const end = (exception?: unknown): void => {
      if (!hasEnded) for (const operation of operations) operation.end(exception);
      hasEnded = true;
    };
    const fail = (exception: unknown): void => {
      this.fail(exception);
      end(exception ?? true);
    };
    try {
      const stores = this.#stores.filter((store) => database.objectStoreNames.contains(store));
      if (!stores.includes(this.#options.defaultObjectStoreName)) {
        throw new Error('IndexedDB lacks an object store, expected a higher dbVersion, or autoVersion');
      }
      const isWrite = operations.some((operation) => operation.isWrite);
      const transaction = database.transaction(stores, isWrite ? 'readwrite' : 'readonly');
      transaction.oncomplete = () => end();
      transaction.onabort = () => fail(transaction.error);
      for (const operation of operations) operation.run(transaction, database);
      transaction.commit?.();
    } catch (exception) {
      fail(exception);
    }
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
        this.#onOpened(request.result);
      };
      request.onerror = (event) => {
        event.preventDefault();
        this.#isOpening = false;
        // It was made with a higher version: what is in it is as good.
        if (version !== undefined && request.error?.name === 'VersionError') this.#open(undefined);
        else this.#giveUp(request.error);
      };
      request.onblocked = () => this.fail(new Error('another page keeps IndexedDB from being opened'));
    } catch (exception) {
      this.#isOpening = false;
      this.#giveUp(exception);
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

  #letGo(database: IDBDatabase): void {
    database.close();
    if (this.#database === database) this.#database = undefined;
  }

  #giveUp(exception: unknown): void {
    this.#isUnusable = true;
    this.fail(exception);
    for (const operation of this.#queue.splice(0)) operation.end(exception ?? true);
  }

  get #stores(): string[] {
    return [...new Set([...this.#options.objectStoreNames, this.#options.defaultObjectStoreName])];
  }

  /** The object store of a record, and its key there: `users/ada` is `ada` in the object store `users`, if that is one. */
  #placeOf(name: string, database: IDBDatabase): [store: string, key: string] {
    const end = name.indexOf('/');
    const store = name.slice(0, Math.max(end, 0));
    const isOne = this.#options.objectStoreNames.includes(store) && database.objectStoreNames.contains(store);
    return isOne ? [store, name.slice(end + 1)] : [this.#options.defaultObjectStoreName, name];
  }

  #read(value: any): StoredRecord | undefined {
    if (value === undefined || (value.server !== undefined && value.server !== this.deployment)) return undefined;
    return storedRecord(value.version, value.data, this.fail);
  }
}
