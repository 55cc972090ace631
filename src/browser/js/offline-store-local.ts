import type { Fail, OfflineStore, StoredRecord } from './offline-store.js';

/**
 * Records in localStorage: the version, a space, and the data, under keys of their own.
 * @internal
 */
export class LocalStore implements OfflineStore {
  readonly #prefix: string;

  constructor(
    deployment: string,
    private readonly fail: Fail,
  ) {
    this.#prefix = `deepstream-wasm-records/${encodeURIComponent(deployment)}/`;
  }

  load(name: string, found: (record: StoredRecord | undefined) => void): void {
    let record: StoredRecord | undefined;
    this.#attempt((storage) => {
      const text = storage.getItem(this.#prefix + name);
      if (text === null) return;
      const [, version, data] = /^(\d{1,10}) ([^]*)$/.exec(text) ?? [];
      if (data === undefined) throw new Error('what is stored is not a record');
      record = { version: Number(version), text: data };
    }, this.fail);
    found(record);
  }

  save(name: string, record: StoredRecord | undefined): void {
    const key = this.#prefix + name;
    this.#attempt((storage) => {
      if (record) storage.setItem(key, `${record.version} ${record.text}`);
      else storage.removeItem(key);
    }, (exception) => this.fail(exception, name));
  }

  clear(done: (exception?: unknown) => void): void {
    let exception: unknown;
    this.#attempt(
      (storage) => {
        for (const key of Object.keys(storage)) if (key.startsWith(this.#prefix)) storage.removeItem(key);
      },
      (thrown) => (exception = thrown ?? true),
    );
    done(exception);
  }

  close(): void {}

  /** The browser throws already at the name where the user has forbidden it. */
  #attempt(use: (storage: Storage) => void, fail: Fail): void {
    try {
      if (!globalThis.localStorage) throw new Error('there is no localStorage');
      use(globalThis.localStorage);
    } catch (exception) {
      fail(exception);
    }
  }
}
