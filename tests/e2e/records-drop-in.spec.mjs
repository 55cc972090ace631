// Records as programs use them that were written for @deepstream/client: at once, loosely, and to the end.
import { eventually, expect, open, test } from './support/records.mjs';

test('what is done to lists and queues before they are loaded changes what is loaded', async ({
  startDeepstream,
  visitRecords,
  makeReference,
}) => {
  const server = await startDeepstream();
  const reference = await makeReference(server);
  const { page, proxy } = await visitRecords(server);
  const theirs = async (make, names, begin) => {
    for (const name of names) {
      const made = reference.record[make](name);
      await made.whenReady();
      await begin(made);
    }
  };
  await theirs('getList', ['added', 'removed', 'edited', 'offline'], (list) => list.setEntriesWithAck(['a', 'b']));
  await theirs('getDq', ['pushed', 'shifted'], async (queue) => {
    for (const entry of ['a', 'b']) queue.push(entry);
    await reference.record.snapshot(queue.name);
  });
  const seen = await page.evaluate(async () => {
    const { record } = client;
    record.getList('added').addEntry('c');
    record.getList('removed').removeEntry('z');
    const edited = record.getList('edited');
    edited.addEntry('c', 0);
    edited.removeEntry('a');
    record.getDq('pushed').push('c');
    const shifted = record.getDq('shifted');
    shifted.unshift('c');
    const ends = [shifted.pop(), shifted.pop()];
    shifted.insertEntry('d', 1);
    await new Promise((resolve) => edited.addEntry('d', undefined, resolve));
    const lists = ['added', 'removed', 'edited'].map((name) => record.getList(name).getEntries());
    return [ends, lists, ...['pushed', 'shifted'].map((name) => record.getDq(name).getEntries())];
  });
  expect(seen).toEqual([
    ['c', ''],
    [
      ['a', 'b', 'c'],
      ['a', 'b'],
      ['c', 'b', 'd'],
    ],
    ['a', 'b', 'c'],
    ['a', 'd', 'b'],
  ]);
  const pushed = reference.record.getDq('pushed');
  await pushed.whenReady();
  await eventually(() => pushed.getEntries()).toEqual(['a', 'b', 'c']);

  proxy.fail('refuse');
  await eventually(() => page.evaluate(() => client.getConnectionState())).toBe('RECONNECTING');
  const added = page.evaluate(() => new Promise((resolve) => client.record.getList('offline').addEntry('c', 0, resolve)));
  await page.evaluate(() => client.getConnectionState());
  proxy.fail('none');
  expect(await added).toBe(null);
  await eventually(() => reference.record.snapshot('offline')).toEqual(['c', 'a', 'b']);
});

test('an open record answers what is asked of it', async ({ startDeepstream, visitRecords }) => {
  const server = await startDeepstream();
  const { page } = await visitRecords(server);
  const answers = await page.evaluate(async () => {
    const note = client.record.getRecord('note');
    const before = note.version;
    note.set('a', 1);
    return [
      before,
      ...(await Promise.all([client.record.snapshot('note'), client.record.has('note'), client.record.head('note')])),
    ];
  });
  expect(answers).toEqual([null, { a: 1 }, true, 1]);
});

test('what wrappers leave undefined is left out', async ({ startDeepstream, visitRecords }) => {
  const server = await startDeepstream();
  const { page } = await visitRecords(server);
  const seen = await page.evaluate(async () => {
    const seen = [];
    const hear = (value) => seen.push(JSON.stringify(value));
    const note = await client.record.getRecord('note').whenReady(undefined);
    const anonymous = client.record.getAnonymousRecord();
    await anonymous.setName('note', undefined);
    const queue = await client.record.getDq('queue').whenReady();
    for (const record of [note, anonymous]) record.subscribe(undefined, hear, true);
    queue.subscribe(undefined, hear, true);
    await new Promise((resolve) => note.set(undefined, { a: 1 }, resolve));
    await anonymous.setWithAck(undefined, { a: 2 }, undefined);
    await new Promise((resolve) => client.record.setData('note', undefined, { a: 3 }, resolve));
    await client.record.setDataWithAck('other', undefined, { a: 1 });
    for (const record of [note, anonymous, queue]) record.unsubscribe(undefined, hear);
    await note.setWithAck('a', 4);
    await note.eraseWithAck('a', undefined);
    queue.setEntries(['b', 'a', 'b'], undefined);
    queue.removeEntry('b', undefined);
    queue.removeEntry('b', 1);
    const refusals = [];
    for (const index of [0, 1]) {
      try {
        queue.removeEntry('b', index);
      } catch ({ code }) {
        refusals.push(code);
      }
    }
    const list = await client.record.getList('list').whenReady();
    await new Promise((resolve) => list.addEntry('a', undefined, resolve));
    return { seen, queue: queue.getEntries(), refusals, list: list.getEntries() };
  });
  expect(seen).toEqual({
    seen: ['{}', '{}', '[]', '{"a":1}', '{"a":1}', '{"a":2}', '{"a":2}', '{"a":3}', '{"a":3}'],
    queue: ['a'],
    refusals: ['INVALID_ARGUMENT', 'INVALID_ARGUMENT'],
    list: ['a'],
  });
});

test('a record is there to be read to the end, and after it', async ({ startDeepstream, visitRecords }) => {
  const server = await startDeepstream();
  const [{ page, proxy }, { page: other }] = [await visitRecords(server), await visitRecords(server)];
  for (const name of ['discarded', 'deleted', 'offline']) {
    await open(page, name);
    await page.evaluate((its) => globalThis[its].setWithAck({ list: [1, { deep: 2 }] }), name);
  }
  await open(other, 'discarded');
  const ends = await page.evaluate(async () => {
    const read = (record) => [record.get('list[1].deep'), record.get(), record.version, record.isReady];
    const ended = (record, event) => new Promise((resolve) => record.on(event, () => resolve(read(record))));
    discarded.discard();
    const still = read(discarded);
    const end = ended(discarded, 'discard');
    const deletion = ended(deleted, 'delete');
    const settled = await deleted.delete();
    return [still, await end, await deletion, settled, read(deleted)];
  });
  const last = [2, { list: [1, { deep: 2 }] }, 1];
  expect(ends).toEqual([[...last, true], [...last, false], [...last, false], undefined, [...last, false]]);

  proxy.fail('refuse');
  await eventually(() => page.evaluate(() => client.getConnectionState())).toBe('RECONNECTING');
  const told = await page.evaluate(async () => {
    offline.discard();
    await new Promise((resolve) => offline.on('discard', resolve));
    return [client.getConnectionState() === 'OPEN', offline.get(), client.record.names()];
  });
  expect(told).toEqual([false, last[1], []]);
});

test('a strategy that rejects has failed, and what is written next is written', async ({
  startDeepstream,
  visitRecords,
  makeReference,
}) => {
  const server = await startDeepstream();
  const reference = await makeReference(server);
  const { page, proxy } = await visitRecords(server);
  await page.evaluate(() => {
    globalThis.unhandled = [];
    addEventListener('unhandledrejection', ({ reason }) => unhandled.push(String(reason)));
    client.record.setMergeStrategy('note', async () => {
      throw new Error('no idea');
    });
  });
  await open(page, 'note');
  const theirs = reference.record.getRecord('note');
  await theirs.whenReady();
  proxy.fail('refuse');
  await eventually(() => page.evaluate(() => client.getConnectionState())).toBe('RECONNECTING');
  const outcome = page.evaluate(() => note.setWithAck('a', 'ours').catch(({ code, message }) => [code, message]));
  await theirs.setWithAck('a', 'theirs');
  proxy.fail('none');
  expect(await outcome).toEqual(['MERGE_FAILED', expect.stringContaining('no idea')]);
  await page.evaluate(() => note.setWithAck('b', 'next'));
  expect(await page.evaluate(() => [note.get(), unhandled])).toEqual([{ a: 'theirs', b: 'next' }, []]);
});

test('nothing waits for ever once the client is closed', async ({ startDeepstream, visitRecords }) => {
  const server = await startDeepstream();
  const { page, proxy } = await visitRecords(server);
  proxy.fail('refuse');
  await eventually(() => page.evaluate(() => client.getConnectionState())).toBe('RECONNECTING');
  const outcomes = await page.evaluate(async () => {
    const { record } = client;
    const named = record.getAnonymousRecord();
    const nameless = record.getAnonymousRecord();
    const note = record.getRecord('note');
    const list = record.getList('list');
    const queue = record.getDq('queue');
    const waits = [
      nameless.whenReady(),
      named.setName('other'),
      named.whenReady(),
      named.setWithAck('a', 1),
      note.whenReady(),
      note.setWithAck('a', 1),
      note.eraseWithAck('b'),
      note.delete(),
      list.whenReady(),
      list.setEntriesWithAck(['a']),
      list.delete(),
      queue.whenReady(),
      queue.setEntriesWithAck(['a']),
      record.snapshot('list'),
      record.has('queue'),
      record.head('nothing'),
      record.setDataWithAck('nothing', { a: 1 }),
      record.delete('nothing'),
      record.notify(['nothing']),
    ];
    nameless.off();
    client.close();
    waits.push(nameless.whenReady(), note.whenReady());
    const code = (promise) => promise.then(String, (error) => error.code);
    const never = new Promise((resolve) => setTimeout(resolve, 20_000, 'never'));
    return Promise.all(waits.map((promise) => Promise.race([code(promise), never])));
  });
  expect(outcomes.filter((outcome) => !['IS_CLOSED', 'RECORD_DELETED', 'RECORD_ALREADY_DESTROYED'].includes(outcome))).toEqual([]);
});

test('nobody is called back before the call returns, nor after having been removed', async ({
  startDeepstream,
  visitRecords,
}) => {
  const server = await startDeepstream();
  const { page } = await visitRecords(server);
  const seen = await page.evaluate(async () => {
    const { record } = client;
    const note = await record.getRecord('note').whenReady();
    const list = await record.getList('list').whenReady();
    const anonymous = record.getAnonymousRecord();
    await anonymous.setName('note');
    await note.setWithAck({ a: 1 });
    await list.setEntriesWithAck(['a']);
    const calls = {
      set: (done) => note.set({ a: 1 }, done),
      setMulti: (done) => note.setMulti({ a: 1 }, done),
      setWithAck: (done) => anonymous.setWithAck('a', 1, done),
      setData: (done) => record.setData('note', 'a', 1, done),
      setEntries: (done) => list.setEntries(['a'], done),
      refused: (done) => note.set('a.b[20000]', 1, done),
      snapshot: (done) => record.snapshot('note', done),
      head: (done) => record.head('note', done),
    };
    const early = [];
    for (const [name, call] of Object.entries(calls)) {
      await new Promise((resolve) => {
        let hasReturned = false;
        call(() => {
          if (!hasReturned) early.push(name);
          resolve();
        });
        hasReturned = true;
      });
    }
    const told = [];
    for (const object of [note, list, anonymous]) {
      const second = () => told.push('second');
      const scope = {};
      object.on('mine', () => object.off('mine', second));
      object.on('mine', second);
      object.on('mine', (...details) => told.push(details));
      object.on('mine', () => told.push('scope'), scope);
      object.removeContext(scope);
      object.emit('mine', 1, 'b');
    }
    return [early, told];
  });
  expect(seen).toEqual([[], Array(3).fill([1, 'b'])]);
});
