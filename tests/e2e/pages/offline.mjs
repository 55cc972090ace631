// What records-offline.spec.mjs uses in its pages.

/** A storage as an application might have one. It answers later, and is as old as the tab. */
const applicationStorage = {
  get(name, callback) {
    const { version, data } = JSON.parse(sessionStorage.getItem(`kept ${name}`)) ?? { version: -1, data: null };
    setTimeout(callback, 5, name, version, data);
  },
  set(name, version, data, callback) {
    sessionStorage.setItem(`kept ${name}`, JSON.stringify({ version, data }));
    setTimeout(callback, 5, null, name);
  },
  delete(name, callback) {
    sessionStorage.removeItem(`kept ${name}`);
    setTimeout(callback, 5, null, name);
  },
  reset(callback) {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith('kept ')) sessionStorage.removeItem(key);
    setTimeout(callback, 5, null);
  },
};

/** Storages of applications that do not do what they should. */
const badStorages = {
  throws: () => {
    throw new Error('no luck');
  },
  rejects: async () => {
    throw new Error('no luck');
  },
  'never answers': () => {},
};

/** Like `visit`, for a client that keeps records. */
globalThis.visitKeeping = (url, { kind, ...options } = {}) => {
  const bad = badStorages[kind];
  const storage = bad ? { get: bad, set: bad, delete: bad, reset: bad } : applicationStorage;
  const storageOptions = { indexdb: {}, localstorage: { storageName: 'localstorage' } }[kind] ?? { storage };
  visit(url, { offlineEnabled: true, ...storageOptions, ...options });
};

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error('somebody has it open'));
  });

/** Opens a database, and closes it again. */
globalThis.withDatabase = async (use, version) => {
  const request = indexedDB.open('deepstream', version);
  request.onupgradeneeded = () => {
    for (const store of ['records', 'theirs']) {
      if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store, { keyPath: 'id' });
    }
  };
  const database = await settled(request);
  try {
    return await use(database);
  } finally {
    database.close();
  }
};

/** Everything in an object store. */
globalThis.inDatabase = (store) =>
  withDatabase((database) => settled(database.transaction(store).objectStore(store).getAll()));

/** Puts something into an object store. */
globalThis.putInDatabase = (store, value, version) =>
  withDatabase((database) => settled(database.transaction(store, 'readwrite').objectStore(store).put(value)), version);

/** The names of the records that are kept, wherever that is. */
globalThis.keptNames = async () => [
  ...(await inDatabase('records')).map(({ id }) => id),
  ...Object.keys(localStorage).flatMap((key) => /^deepstream-wasm-records\/[^/]*\/(.*)/.exec(key)?.[1] ?? []),
  ...Object.keys(sessionStorage).flatMap((key) => /^kept (.*)/.exec(key)?.[1] ?? []),
];

/** Deletes the database; fails if somebody has it open and does not make way. */
globalThis.deleteDatabase = () => settled(indexedDB.deleteDatabase('deepstream')).then(() => 'deleted');
