/**
 * A record as it is kept. The text is JSON.
 * @internal
 */
export interface StoredRecord {
  readonly version: number;
  readonly text: string;
}

/**
 * Where records are kept for use without a connection. Nothing here throws: what goes wrong is told to whoever made it.
 * @internal
 */
export interface OfflineStore {
  /** Looks a record up, and calls back once; never if the storage does not answer. */
  load(name: string, found: (record: StoredRecord | undefined) => void): void;
  /** Keeps a record, or forgets it where none is given. */
  save(name: string, record: StoredRecord | undefined): void;
  /** Forgets all records, and calls back with what went wrong, or nothing; never if the storage does not answer. */
  clear(done: (exception?: unknown) => void): void;
  /** Lets go of the storage when everything is done. */
  close(): void;
}

/**
 * Is told what went wrong, and with which record if it is about one.
 * @internal
 */
export type Fail = (exception: unknown, name?: string) => void;

/**
 * What is wrong, in words. What a browser throws says it by its name; its message may tell what was to be stored.
 * @internal
 */
export function wordsOf(exception: any): string {
  try {
    // A number is what the exceptions of browsers have, of whatever realm.
    if (typeof exception?.code === 'number') return String(exception.name);
    return String(exception?.message ?? exception);
  } catch {
    return 'something that cannot be told';
  }
}

/**
 * A record as others store it; `undefined`, after telling why, for what cannot be one.
 * @internal
 */
export function storedRecord(version: unknown, data: unknown, fail: Fail): StoredRecord | undefined {
  try {
    const text = typeof data === 'object' ? JSON.stringify(data) : undefined;
    if (!Number.isInteger(version) || Math.abs(version as number) > 0x7fffffff || text === undefined) {
      throw new Error('what is stored is not a record');
    }
    return { version: version as number, text };
  } catch (exception) {
    fail(exception);
    return undefined;
  }
}
