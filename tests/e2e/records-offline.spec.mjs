// Records that are kept in the browser, in pages that are opened while the server is away.
import { dataOf, eventually, expect, heardOf, open, test as base } from './support/records.mjs';
import { Visitor } from './support/visitor.mjs';

/** Options that make tests fast. */
const fast = { subscriptionInterval: 0, reconnectIntervalIncrement: 50, maxReconnectInterval: 200 };

const failure = (message) => ({ event: 'OFFLINE_STORAGE_ERROR', topic: 'RECORD', message: expect.stringContaining(message) });

const test = base.extend({
  /** A server whose records outlive it. */
  server: async ({ startDeepstream }, use, info) =>
    use(await startDeepstream({ storageFile: info.outputPath('records.json') })),

  /** Opens a page in a browser of its own, with a client that keeps records; or, given a page, opens that anew. */
  visitKeeping: async ({ openPage, site }, use) =>
    use(async (server, options, { page, before } = {}) => {
      const visited = page ?? (await openPage());
      await visited.goto(`${site.url}/index.html`);
      await visited.evaluate(() => Promise.all([import('/records.mjs'), import('/offline.mjs')]));
      await before?.(visited);
      await visited.evaluate(([url, all]) => visitKeeping(url, all), [server.url, { ...fast, ...options }]);
      return new Visitor(visited);
    }),
});

const isFromStorage = (page, name = 'note') => page.evaluate((its) => globalThis[its].isFromStorage, name);

/** What the client has told of its storage. */
const failuresOf = async (visitor) => (await visitor.told()).errors.filter(({ event }) => event === 'OFFLINE_STORAGE_ERROR');

/** Waits until storage has a record in some version: from then on, leaving a page saves the latest. */
const isKept = (page, name) => eventually(() => page.evaluate(() => keptNames()), 'the records kept').toContain(name);

/** Has a page make a record. */
async function makeNote(visitKeeping, server, options, data = { title: 'Shopping', items: [{ name: 'bread' }] }) {
  const visitor = await visitKeeping(server, options);
  await visitor.login();
  await open(visitor.page, 'note');
  await isKept(visitor.page, 'note');
  await visitor.page.evaluate((all) => note.setWithAck(all), data);
  return visitor.page;
}

for (const kind of ['indexdb', 'localstorage', 'application']) {
  test(`a page without a server shows what another one had, and says so: ${kind}`, async ({ server, visitKeeping }) => {
    const page = await makeNote(visitKeeping, server, { kind });
    await open(page, 'list', 'getList');
    await isKept(page, 'list');
    await page.evaluate(() => list.setEntriesWithAck(['a', 'b']));
    await page.goto('about:blank');
    await server.kill();

    const visitor = await visitKeeping(server, { kind }, { page });
    await open(page, 'note', 'getRecord', ['title']);
    await open(page, 'list', 'getList');
    expect(await dataOf(page, 'note')).toEqual({ title: 'Shopping', items: [{ name: 'bread' }] });
    expect(await page.evaluate(() => [note.version, list.getEntries()])).toEqual([1, ['a', 'b']]);
    expect([await isFromStorage(page), await isFromStorage(page, 'list')]).toEqual([true, true]);
    await page.evaluate(() => {
      globalThis.states = [];
      note.on('onRecordStateChanged', (state) => states.push(state));
      login();
    });

    await server.start();
    await eventually(() => isFromStorage(page)).toBe(false);
    await eventually(() => isFromStorage(page, 'list')).toBe(false);
    expect(await dataOf(page, 'note')).toEqual({ title: 'Shopping', items: [{ name: 'bread' }] });
    expect(await page.evaluate(() => states)).toEqual(['READY']);
    const heard = await heardOf(page, 'note');
    expect(heard).toEqual({ values: [['title', 'Shopping']], events: [['ready']] });
    await page.evaluate(() => note.setWithAck('title', 'Cooking'));
    expect(await failuresOf(visitor)).toEqual([]);
  });
}

test('what others have changed meanwhile is told, and what they have deleted ends', async ({
  server,
  visitKeeping,
  makeReference,
}) => {
  const page = await makeNote(visitKeeping, server, { kind: 'indexdb' });
  await open(page, 'other');
  await isKept(page, 'other');
  await page.goto('about:blank');
  const reference = await makeReference(server);
  await reference.record.setDataWithAck('note', 'title', 'theirs');
  await (await reference.record.getRecord('other').whenReady()).delete();

  await visitKeeping(server, { kind: 'indexdb' }, { page });
  await open(page, 'note', 'getRecord', ['title']);
  await open(page, 'other');
  expect(await page.evaluate(() => [note.get('title'), note.isFromStorage])).toEqual(['Shopping', true]);
  await page.evaluate(() => login());
  await eventually(() => isFromStorage(page)).toBe(false);
  expect((await heardOf(page, 'note')).values).toEqual([
    ['title', 'Shopping'],
    ['title', 'theirs'],
  ]);
  await eventually(async () => (await heardOf(page, 'other')).events).toEqual([['ready'], ['delete']]);
  const kept = () => page.evaluate(() => inDatabase('records'));
  await eventually(async () => (await kept()).map(({ id, version }) => [id, version])).toEqual([['note', 2]]);
});

test('records have the object stores they are given, and those with ignored prefixes none', async ({ server, visitKeeping }) => {
  const indexdb = { objectStoreNames: ['users'], autoVersion: true };
  const { page } = await visitKeeping(server, { kind: 'indexdb' });
  await page.evaluate(() => login());
  await open(page, 'note');
  await isKept(page, 'note');
  const visitor = await visitKeeping(server, { kind: 'indexdb', indexdb, ignorePrefixes: ['secret/'] }, { page });
  await visitor.login();
  for (const name of ['note', 'users/ada', 'cities/oslo', 'secret/plan']) {
    await open(page, name);
    await page.evaluate((its) => globalThis[its].setWithAck({ name: its }), name);
  }
  await page.evaluate(() => client.record.saveToOfflineStorage());
  const names = (store) => page.evaluate(async (its) => (await inDatabase(its)).map(({ id }) => id), store);
  await eventually(() => names('records')).toEqual(['cities/oslo', 'note']);
  await eventually(() => names('users')).toEqual(['ada']);
  const [ada] = await page.evaluate(() => inDatabase('users'));
  expect(ada).toEqual({ id: 'ada', version: 1, data: { name: 'users/ada' }, server: server.url });

  // Once the database has them, no version needs to be said.
  await server.kill();
  await visitKeeping(server, { kind: 'indexdb', indexdb: { objectStoreNames: ['users'] } }, { page });
  await open(page, 'users/ada');
  expect(await dataOf(page, 'users/ada')).toEqual({ name: 'users/ada' });
});

test('what @deepstream/client has kept is found, what is garbage is reported once, and what is of other servers is not', async ({
  server,
  visitKeeping,
}) => {
  const before = (page) =>
    page.evaluate(async () => {
      await putInDatabase('records', { id: 'old', version: 4, data: { from: 'before' } }, 1);
      await putInDatabase('records', { id: 'foreign', version: 4, data: {}, server: 'ws://elsewhere' });
      await putInDatabase('records', { id: 'map', version: 4, data: new Map() });
      await putInDatabase('records', { id: 'half', version: 0.5, data: {} });
      await putInDatabase('records', { id: 'text', version: 4, data: 'text' });
    });
  const visitor = await visitKeeping(server, { kind: 'indexdb' }, { before });
  const { page } = visitor;
  await open(page, 'old');
  expect(await page.evaluate(() => [old.get(), old.version, old.isFromStorage])).toEqual([{ from: 'before' }, 4, true]);
  await visitor.login();
  for (const name of ['half', 'text', 'foreign']) {
    await open(page, name);
    expect(await page.evaluate((its) => [globalThis[its].version, globalThis[its].isFromStorage], name)).toEqual([0, false]);
  }
  expect(await failuresOf(visitor)).toEqual([failure('what is stored is not a record')]);
  const kept = () => page.evaluate(() => inDatabase('records'));
  await eventually(async () => (await kept()).find(({ id }) => id === 'half').version).toBe(0);
});

test('garbage in localStorage is reported once and replaced', async ({ server, visitKeeping }) => {
  const prefix = `deepstream-wasm-records/${encodeURIComponent(server.url)}/`;
  const before = (page) =>
    page.evaluate((own) => {
      ['garbage', '5 {"half":', '1 5', ' {}'].forEach((text, at) => localStorage.setItem(`${own}r${at}`, text));
    }, prefix);
  const visitor = await visitKeeping(server, { kind: 'localstorage' }, { before });
  await visitor.login();
  for (const name of ['r0', 'r1', 'r2', 'r3']) await open(visitor.page, name);
  expect(await failuresOf(visitor)).toEqual([failure('what is stored is not a record')]);
  await eventually(() => visitor.page.evaluate((own) => localStorage[`${own}r1`], prefix)).toBe('0 {}');
});

for (const kind of ['indexdb', 'localstorage', 'application']) {
  test(`storage is emptied of records, and of nothing else: ${kind}`, async ({ server, visitKeeping }) => {
    const before = (page) =>
      page.evaluate(async () => {
        localStorage.theirs = 'stays';
        await putInDatabase('theirs', { id: 'stays' }, 1);
      });
    const visitor = await visitKeeping(server, { kind }, { before });
    const { page } = visitor;
    await visitor.login();
    await open(page, 'note');
    await page.evaluate(() => note.setWithAck({ title: 'Shopping' }));
    const kept = () => page.evaluate(() => keptNames());
    await isKept(page, 'note');
    await page.evaluate(() => note.setWithAck('title', 'Cooking'));
    expect(await page.evaluate(() => client.record.clearOfflineStorage())).toBeUndefined();
    expect(await kept()).toEqual([]);
    expect(await page.evaluate(() => [note.isReady, note.get('title')])).toEqual([true, 'Cooking']);

    // What has changed since it was saved is not saved now.
    await page.evaluate(() => client.close());
    expect(await kept()).toEqual([]);

    const again = await visitKeeping(server, { kind }, { page });
    await again.login();
    await open(page, 'note');
    await isKept(page, 'note');
    const told = await page.evaluate(() => {
      client.close();
      return new Promise((resolve) => client.record.clearOfflineStorage((...given) => resolve(given[0])));
    });
    expect(told).toBeNull();
    expect(await kept()).toEqual([]);
    const theirs = await page.evaluate(async () => [localStorage.theirs, await inDatabase('theirs')]);
    expect(theirs).toEqual(['stays', [{ id: 'stays' }]]);
    expect(await failuresOf(visitor)).toEqual([]);
  });
}

const broken = {
  'IndexedDB that throws': ['indexdb', 'SecurityError', () => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('forbidden', 'SecurityError');
    };
  }],
  'no IndexedDB': ['indexdb', 'there is no IndexedDB', () => {
    Object.defineProperty(globalThis, 'indexedDB', { value: undefined });
  }],
  'an IndexedDB that cannot be opened': ['indexdb', 'UnknownError', () => {
    IDBFactory.prototype.open = () => {
      const request = { error: new DOMException('disk', 'UnknownError') };
      setTimeout(() => request.onerror(new Event('error')));
      return request;
    };
  }],
  'an IndexedDB that is full': ['indexdb', 'QuotaExceededError', () => {
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = function (...given) {
      const made = transaction.apply(this, given);
      if (made.mode === 'readonly') return made;
      Object.defineProperty(made, 'error', { value: new DOMException('full', 'QuotaExceededError') });
      made.commit = () => made.abort();
      return made;
    };
  }],
  'an IndexedDB without the object store': ['indexdb', 'lacks an object store', async () => {
    const request = indexedDB.open('deepstream');
    await new Promise((resolve) => (request.onsuccess = resolve));
    request.result.close();
  }],
  'localStorage that is forbidden': ['localstorage', 'SecurityError', () => {
    Object.defineProperty(globalThis, 'localStorage', {
      get() {
        throw new DOMException('forbidden', 'SecurityError');
      },
    });
  }],
  'localStorage that is full': ['localstorage', 'QuotaExceededError', () => {
    Storage.prototype.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
  }],
  'a storage that throws': ['throws', 'no luck', () => {}],
  'a storage that rejects': ['rejects', 'no luck', () => {}],
  'a storage that never answers': ['never answers', undefined, () => {}],
};
for (const [title, [kind, reason, breakIt]] of Object.entries(broken)) {
  test(`records work without storage, and the application is told once: ${title}`, async ({ server, visitKeeping }) => {
    const visitor = await visitKeeping(server, { kind, saveUpdatesOffline: true }, { before: (page) => page.evaluate(breakIt) });
    const { page } = visitor;
    const clear = () => page.evaluate(() => client.record.clearOfflineStorage().catch(({ name, code }) => [name, code]));
    const refusal = reason && title !== 'localStorage that is full' ? ['DeepstreamError', 'OFFLINE_STORAGE_ERROR'] : undefined;
    if (reason) expect(await clear()).toEqual(refusal);
    await visitor.login();
    for (const name of ['note', 'other']) {
      await open(page, name);
      await page.evaluate((its) => globalThis[its].setWithAck({ title: 'Shopping' }), name);
    }
    expect(await page.evaluate(() => [note.get('title'), note.isFromStorage])).toEqual(['Shopping', false]);
    await page.evaluate(() => client.record.saveToOfflineStorage());
    if (reason) await eventually(() => failuresOf(visitor)).toEqual([failure(reason)]);
    if (reason) expect(await clear()).toEqual(refusal);
    await page.evaluate(() => client.close());
    expect(await failuresOf(visitor)).toEqual(reason ? [failure(reason)] : []);
  });
}

const kept = (page) => page.evaluate(() => keptNames().then((names) => names.sort()));

/** Opens records and writes to each. */
const write = (page, names) =>
  page.evaluate(
    async (all) => {
      for (const name of all) globalThis[name] ??= client.record.getRecord(name);
      for (const name of all) await globalThis[name].setWithAck({ title: name });
    },
    names,
  );

test('a connection to IndexedDB that has died without a word is opened again', async ({ server, visitKeeping }) => {
  const before = (page) =>
    page.evaluate(() => {
      const { open } = IDBFactory.prototype;
      globalThis.databases = [];
      IDBFactory.prototype.open = function (...given) {
        const request = open.apply(this, given);
        request.addEventListener('success', () => databases.push(request.result));
        return request;
      };
    });
  const visitor = await visitKeeping(server, { kind: 'indexdb', saveUpdatesOffline: true }, { before });
  const { page } = visitor;
  await visitor.login();
  await write(page, ['first']);
  await isKept(page, 'first');
  await page.evaluate(() => databases.forEach((database) => database.close()));
  await write(page, ['second', 'third']);
  await eventually(() => kept(page)).toEqual(['first', 'second', 'third']);
  await page.evaluate(() => databases.forEach((database) => database.close()));
  await page.evaluate(() => client.record.clearOfflineStorage());
  expect(await kept(page)).toEqual([]);
  expect(await failuresOf(visitor)).toEqual([]);
});

test('an IndexedDB that cannot be opened at first has the records when it can', async ({ server, visitKeeping }) => {
  const before = (page) =>
    page.evaluate(() => {
      const { open } = IDBFactory.prototype;
      IDBFactory.prototype.open = () => {
        IDBFactory.prototype.open = open;
        const request = { error: new DOMException('disk', 'UnknownError') };
        setTimeout(() => request.onerror(new Event('error')));
        return request;
      };
    });
  const visitor = await visitKeeping(server, { kind: 'indexdb', saveUpdatesOffline: true }, { before });
  await visitor.login();
  await write(visitor.page, ['first', 'second']);
  await eventually(() => kept(visitor.page)).toEqual(['first', 'second']);
  expect(await failuresOf(visitor)).toEqual([failure('UnknownError')]);
});

const refusals = {
  DataCloneError: () => {
    const { put } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = function (value) {
      if (value.id === 'third') throw new DOMException('cannot be cloned', 'DataCloneError');
      return put.call(this, value);
    };
  },
  QuotaExceededError: () => {
    const { put } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = function (value) {
      const request = put.call(this, value);
      if (value.id !== 'third') return request;
      this.transaction.commit = () => this.transaction.abort();
      Object.defineProperty(this.transaction, 'error', { value: new DOMException('full', 'QuotaExceededError') });
      return request;
    };
  },
};
for (const [reason, refuse] of Object.entries(refusals)) {
  test(`a record that cannot be stored is named, and the others are stored: ${reason}`, async ({ server, visitKeeping }) => {
    const visitor = await visitKeeping(server, { kind: 'indexdb' }, { before: (page) => page.evaluate(refuse) });
    const { page } = visitor;
    await visitor.login();
    await write(page, ['first', 'second', 'third', 'fourth', 'fifth']);
    await page.evaluate(() => client.record.saveToOfflineStorage());
    await eventually(() => kept(page)).toEqual(['fifth', 'first', 'fourth', 'second']);
    await eventually(() => failuresOf(visitor)).toEqual([failure(`${reason}, for the record 'third'`)]);
  });
}

const holders = {
  'has an older version open': () =>
    new Promise((resolve) => {
      indexedDB.open('deepstream', 1).onsuccess = ({ target }) => resolve((globalThis.database = target.result));
    }).then(() => undefined),
  'never finishes what it does': () =>
    withDatabase((database) => {
      const store = database.transaction('records', 'readwrite').objectStore('records');
      const goOn = () => store.get(1).addEventListener('success', goOn);
      goOn();
      return new Promise((resolve) => store.get(1).addEventListener('success', () => resolve()));
    }, 2),
};
for (const [what, hold] of Object.entries(holders)) {
  test(`clearing the storage ends while another page ${what}, also for a client that is closed`, async ({ server, visitKeeping }) => {
    const other = await visitKeeping(server, { lazyConnect: true, kind: 'localstorage' });
    await other.page.evaluate(hold);
    const page = await other.page.context().newPage();
    await visitKeeping(server, { kind: 'indexdb', indexdb: { dbVersion: 2 } }, { page });
    const codes = await page.evaluate(() => {
      const clear = () => client.record.clearOfflineStorage().then(() => 'done', ({ code }) => code);
      const first = clear();
      client.close();
      return Promise.all([first, clear()]);
    });
    expect(codes).toEqual(['OFFLINE_STORAGE_ERROR', 'OFFLINE_STORAGE_ERROR']);
  });
}

test('a page that wants a newer database gets it, and the older page goes on with that', async ({ server, visitKeeping }) => {
  const older = await visitKeeping(server, { kind: 'indexdb', saveUpdatesOffline: true });
  await older.login();
  await open(older.page, 'note');
  const newer = await visitKeeping(
    server,
    { kind: 'indexdb', indexdb: { dbVersion: 2, objectStoreNames: ['users'] } },
    { page: await older.page.context().newPage() },
  );
  await newer.login();
  await open(newer.page, 'users/ada');
  await eventually(() => newer.page.evaluate(() => inDatabase('users').then(({ length }) => length))).toBe(1);
  await older.page.evaluate(() => note.setWithAck({ title: 'Shopping' }));
  await eventually(() => newer.page.evaluate(async () => (await inDatabase('records'))[0].data)).toEqual({ title: 'Shopping' });
  expect([...(await failuresOf(older)), ...(await failuresOf(newer))]).toEqual([]);
});

test('a client that was closed has saved what it had, and nothing open', async ({ server, visitKeeping }) => {
  const page = await makeNote(visitKeeping, server, { kind: 'indexdb' });
  const kept = await page.evaluate(() => {
    client.close();
    return inDatabase('records').then(([{ data }]) => data);
  });
  expect(kept).toEqual({ title: 'Shopping', items: [{ name: 'bread' }] });
  const deleted = await page.evaluate(() => {
    // Whoever has it open now cannot make way.
    IDBDatabase.prototype.close = () => {};
    return deleteDatabase();
  });
  expect(deleted).toBe('deleted');
});

test('a client in a worker keeps records too', async ({ server, openPage, site }) => {
  const page = await openPage(`${site.url}/empty.html`);
  const ask = (isOnline) =>
    page.evaluate(
      (question) =>
        new Promise((resolve) => {
          const worker = new Worker('/offline-worker.mjs', { type: 'module' });
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => resolve({ error: message ?? 'did not load' });
          worker.postMessage(question);
        }),
      { url: server.url, isOnline },
    );
  expect(await ask(true)).toEqual({ data: { from: 'worker' }, isFromStorage: false, failures: [] });
  await server.kill();
  expect(await ask(false)).toEqual({ data: { from: 'worker' }, isFromStorage: true, failures: [] });
});

test('options that cannot be are refused when the client is made', async ({ visitKeeping, server }) => {
  const { page } = await visitKeeping(server, { kind: 'indexdb' });
  const refusals = await page.evaluate((url) => {
    const bad = [
      { storageName: 'cookies' },
      { storage: { get() {}, set() {}, delete() {} } },
      { indexdb: [] },
      { indexdb: { dbVersion: 0 } },
      { localstorage: 'big' },
      { ignorePrefixes: 'secret/' },
    ];
    return bad.map((options) => {
      try {
        return typeof new client.constructor(url, { lazyConnect: true, ...options });
      } catch ({ code, message }) {
        return `${code} ${message}`;
      }
    });
  }, server.url);
  expect(refusals).toEqual([
    expect.stringMatching(/^INVALID_\w+ .*storageName.*'indexdb' or 'localstorage'.*'cookies'/),
    expect.stringMatching(/^INVALID_\w+ .*storage.*get, set, delete and reset/),
    expect.stringMatching(/^INVALID_\w+ .*indexdb.*an object.*an array/),
    expect.stringMatching(/^INVALID_\w+ .*indexdb.dbVersion.*a whole number from 1.*0/),
    expect.stringMatching(/^INVALID_\w+ .*localstorage.*an object.*'big'/),
    expect.stringMatching(/^INVALID_\w+ .*ignorePrefixes.*an array of strings.*'secret\/'/),
  ]);
});
