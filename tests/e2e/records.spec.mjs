// Records in pages of several browser contexts, through a real server, beside @deepstream/client.
import { dataOf, eventually, expect, heardOf, open, test } from './support/records.mjs';

test('two pages and a reference client write to one record, and all see the same', async ({
  startDeepstream,
  visitRecords,
  makeReference,
}) => {
  const server = await startDeepstream();
  const [{ page: ada }, { page: grace }, reference] = [
    await visitRecords(server),
    await visitRecords(server),
    await makeReference(server),
  ];
  await open(ada, 'note', 'getRecord', ['title', '']);
  await open(grace, 'note', 'getRecord', ['items[1].name']);
  const theirs = reference.record.getRecord('note');
  await theirs.whenReady();

  await ada.evaluate(() => note.setWithAck({ title: 'Shopping', items: [{ name: 'bread' }], text: '\ud83e alone' }));
  await eventually(() => dataOf(grace, 'note')).toEqual(await dataOf(ada, 'note'));
  await eventually(() => theirs.get('items[0].name')).toBe('bread');

  await theirs.setWithAck('items[1]', { name: 'milk', count: 2 });
  await eventually(async () => (await dataOf(grace, 'note')).items.length).toBe(2);
  await grace.evaluate(() => note.setMulti({ 'items[1].count': 3, title: undefined, done: [] }));
  await grace.evaluate(() => note.setWithAck('more', { b: 1, a: 2 }));
  const expected = {
    items: [{ name: 'bread' }, { name: 'milk', count: 3 }],
    text: '\ud83e alone',
    done: [],
    more: { b: 1, a: 2 },
  };
  for (const page of [ada, grace]) await eventually(() => dataOf(page, 'note')).toEqual(expected);
  await eventually(() => theirs.get()).toEqual(expected);
  const versions = await Promise.all([ada, grace].map((page) => page.evaluate(() => note.version)));
  expect(versions).toEqual([theirs.version, theirs.version]);

  expect((await heardOf(grace, 'note')).values).toEqual([['items[1].name', 'milk']]);
  const values = (await heardOf(ada, 'note')).values;
  expect(values.filter(([path]) => path === 'title').map(([, title]) => title)).toEqual(['Shopping', undefined]);
  expect(values.at(-1)).toEqual(['', expected]);
});

test('what is written offline reaches the server, and whoever wrote there', async ({
  startDeepstream,
  visitRecords,
  makeReference,
}) => {
  const server = await startDeepstream();
  const reference = await makeReference(server);
  const base = { title: 'base', body: 'base', same: 'base' };
  const cases = {
    REMOTE_WINS: { ...base, title: 'theirs', same: 'theirs' },
    LOCAL_WINS: { ...base, body: 'ours', same: 'ours' },
    THREE_WAY: { title: 'theirs', body: 'ours', same: 'theirs' },
    local: { title: 'theirs', body: 'ours', same: 'ours' },
    custom: { title: 'theirs', body: 'ours', same: 'theirs+ours' },
    nobody: { ...base, body: 'ours', same: 'ours' },
  };
  for (const [strategy, expected] of Object.entries(cases)) {
    const { page, proxy } = await visitRecords(server);
    const name = `record_${strategy}`;
    await page.evaluate(
      ([record, which]) => {
        const custom = (local, _localVersion, remote, _remoteVersion, done) => {
          done(null, { ...remote, body: local.body, same: `${remote.same}+${local.same}` });
          done('called twice', null);
        };
        const chosen = { custom, local: threeWay({ prefer: 'local' }) }[which] ?? MERGE_STRATEGIES[which];
        if (chosen) client.record.setMergeStrategy(record, chosen);
      },
      [name, strategy],
    );
    await open(page, name);
    await page.evaluate(([record, data]) => globalThis[record].setWithAck(data), [name, base]);
    const theirs = reference.record.getRecord(name);
    await theirs.whenReady();

    proxy.fail('refuse');
    await eventually(() => page.evaluate(() => client.getConnectionState())).toBe('RECONNECTING');
    const written = page.evaluate(async (record) => {
      const handle = globalThis[record];
      handle.set('body', 'ours');
      return handle.setWithAck('same', 'ours').then(
        () => ({ code: 'written' }),
        ({ code, message, subject, topic, lost }) => ({ code, message, subject, topic, lost }),
      );
    }, name);
    if (strategy !== 'nobody') await theirs.setWithAck({ ...base, title: 'theirs', same: 'theirs' });
    proxy.fail('none');

    const isLost = ['REMOTE_WINS', 'THREE_WAY'].includes(strategy);
    const { code, message, ...told } = await written;
    expect(code, strategy).toBe(isLost ? 'RECORD_WRITE_LOST' : 'written');
    if (strategy === 'REMOTE_WINS') {
      const edits = [
        { path: 'body', data: 'ours' },
        { path: 'same', data: 'ours' },
      ];
      const found = { version: 2, data: expected };
      expect(told).toEqual({ subject: name, topic: 'RECORD', lost: { version: 1, edits, by: 'client', found } });
      expect(message).toContain('another client');
    }
    await eventually(() => dataOf(page, name), strategy).toEqual(expected);
    await eventually(() => theirs.get(), strategy).toEqual(expected);
    const conflicts = (await heardOf(page, name)).events.filter(([event]) => event === 'conflict');
    // What the application has merged itself, it knows.
    expect(conflicts.length, strategy).toBe(['custom', 'nobody'].includes(strategy) ? 0 : 1);
    if (strategy === 'REMOTE_WINS') {
      expect(conflicts[0][1]).toEqual({
        localValue: { ...base, body: 'ours', same: 'ours' },
        remoteValue: expected,
      });
    }
  }
});

test('lists and queues tell what came, moved and went', async ({ startDeepstream, visitRecords, makeReference }) => {
  const server = await startDeepstream();
  const [{ page: ada }, { page: grace }, reference] = [
    await visitRecords(server),
    await visitRecords(server),
    await makeReference(server),
  ];
  await ada.evaluate(() => client.record.setDataWithAck('list', ['a', 'b', 'c']));
  await open(ada, 'list', 'getList');
  await open(grace, 'list', 'getList');
  expect((await heardOf(ada, 'list')).events).toEqual([['ready']]);
  const theirs = reference.record.getList('list');
  await theirs.whenReady();
  await ada.evaluate(() => {
    list.addEntry('d', 0);
    list.removeEntry('b');
  });
  for (const page of [ada, grace]) {
    await eventually(() => page.evaluate(() => list.getEntries())).toEqual(['d', 'a', 'c']);
  }
  await eventually(() => theirs.getEntries()).toEqual(['d', 'a', 'c']);
  theirs.addEntry('e');
  await eventually(async () => (await heardOf(grace, 'list')).events.at(-1)).toEqual(['entry-added', 'e', 3]);
  await eventually(async () => (await heardOf(ada, 'list')).events).toEqual([
    ['ready'],
    ['entry-added', 'd', 0],
    ['entry-moved', 'a', 1],
    ['entry-moved', 'b', 2],
    ['entry-moved', 'c', 3],
    ['entry-removed', 'b', 2],
    ['entry-moved', 'c', 2],
    ['entry-added', 'e', 3],
  ]);
  const refusals = await ada.evaluate(() =>
    [() => list.addEntry(5), () => list.addEntry('x', 9), () => list.setEntries('x')].map((call) => {
      try {
        call();
      } catch ({ code, message }) {
        return `${code} ${message}`;
      }
    }),
  );
  expect(refusals).toEqual([
    'INVALID_ARGUMENT invalid argument entry: expected a string, got 5',
    'INVALID_ARGUMENT invalid argument index: expected a whole number from 0 to 4, got 9',
    "INVALID_ARGUMENT invalid argument entries: expected an array of strings, got 'x'",
  ]);

  await open(ada, 'dq', 'getDq');
  const theirQueue = reference.record.getDq('dq');
  await theirQueue.whenReady();
  await ada.evaluate(() => {
    dq.push('b');
    dq.push('c');
    dq.unshift('a');
    dq.insertEntry('between', 2);
  });
  await eventually(() => theirQueue.getEntries()).toEqual(['a', 'b', 'between', 'c']);
  theirQueue.push('d');
  theirQueue.removeEntry('between');
  await eventually(() => ada.evaluate(() => dq.getEntries())).toEqual(['a', 'b', 'c', 'd']);
  const taken = await ada.evaluate(() => {
    const ends = [dq.getFirst(), dq.getLast(), dq.pop(), dq.shift(), dq.isEmpty()];
    dq.removeEntry('c');
    return [...ends, dq.pop(), dq.pop(), dq.isEmpty()];
  });
  expect(taken).toEqual(['a', 'd', 'd', 'a', false, 'b', '', true]);
  await eventually(() => theirQueue.isEmpty()).toBe(true);
});

test('records are asked about, deleted, made anew and let go of', async ({
  startDeepstream,
  visitRecords,
  makeReference,
}) => {
  const server = await startDeepstream();
  const [{ page: ada }, { page: grace }, reference] = [
    await visitRecords(server),
    await visitRecords(server),
    await makeReference(server),
  ];
  const asked = await ada.evaluate(async () => {
    const missing = await client.record.snapshot('note').catch(({ code }) => code);
    const before = [await client.record.has('note'), await client.record.head('note')];
    await client.record.setDataWithAck('note', { a: 1, b: { c: 2 } });
    await client.record.setDataWithAck('note', 'b.c', 3);
    await client.record.setDataWithAck('note', 'a', undefined);
    const byCallback = await new Promise((resolve) => client.record.head('note', (...given) => resolve(given)));
    return [missing, before, await client.record.snapshot('note'), byCallback, client.record.names()];
  });
  expect(asked).toEqual(['RECORD_NOT_FOUND', [false, -1], { b: { c: 3 } }, [null, 3], []]);

  for (const page of [ada, grace]) await open(page, 'note');
  await ada.evaluate(() => note.delete());
  await eventually(async () => (await heardOf(grace, 'note')).events).toEqual([['ready'], ['delete']]);
  expect((await heardOf(ada, 'note')).events).toEqual([['ready'], ['delete']]);
  const afterwards = await ada.evaluate(async () => {
    const old = note;
    const error = await old.setWithAck('a', 1).catch(({ code }) => code);
    const anew = await client.record.getRecord('note').whenReady();
    await anew.setWithAck('a', 'new');
    return [error, old.get(), old.version, old.isReady, anew.get(), anew.version];
  });
  // What was deleted still reads as it did last.
  expect(afterwards).toEqual(['RECORD_ALREADY_DESTROYED', { b: { c: 3 } }, 3, false, { a: 'new' }, 1]);
  const theirs = reference.record.getRecord('note');
  await theirs.whenReady();
  expect(theirs.get()).toEqual({ a: 'new' });

  await open(grace, 'other');
  const names = await grace.evaluate(async () => {
    const second = client.record.getRecord('other');
    other.discard();
    other.discard();
    await second.setWithAck('a', 1);
    const before = client.record.names();
    second.discard();
    await new Promise((resolve) => second.on('discard', resolve));
    return [before, client.record.names()];
  });
  expect(names).toEqual([['other'], []]);
});
