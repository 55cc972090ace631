// What an application may do with records from within its callbacks, and what it must not give them.
import { eventually, expect, heardOf, open, test } from './support/records.mjs';

test('anything may be done from within callbacks', async ({ startDeepstream, visitRecords }) => {
  const server = await startDeepstream();
  const [{ page: ada }, { page: grace }] = [await visitRecords(server), await visitRecords(server)];
  const seen = await ada.evaluate(async () => {
    const seen = [];
    const note = client.record.getRecord('note');
    await note.whenReady();
    note.subscribe('count', (count) => {
      seen.push(`first ${count}`);
      if (count < 3) {
        note.set('count', count + 1);
        seen.push(`then ${note.get('count')}`);
      }
    });
    const last = (count) => {
      seen.push(`last ${count}`);
      note.unsubscribe('count', last);
    };
    note.subscribe('count', last);
    note.subscribe('count', (count) => count === 3 && client.record.getRecord('other').set('from', 'within'));
    await note.setWithAck('count', 1);
    await client.record.getRecord('other').whenReady();
    return [...seen, client.record.getRecord('other').get('from')];
  });
  expect(seen).toEqual(['first 1', 'then 2', 'last 1', 'first 2', 'then 3', 'first 3', 'within']);

  await open(grace, 'note');
  const ends = await grace.evaluate(async () => {
    const ends = [];
    note.subscribe('count', () => note.discard());
    note.subscribe('count', () => ends.push('called after the discard'));
    note.set('count', 10);
    await new Promise((resolve) => note.on('discard', resolve));
    const again = client.record.getRecord('note');
    await again.whenReady();
    again.on('delete', () => {
      ends.push('deleted');
      client.record.getRecord('note').whenReady((anew) => {
        ends.push(`made anew: ${JSON.stringify(anew.get())}`);
        client.close();
      });
    });
    again.subscribe('count', () => again.delete());
    again.set('count', 11);
    await new Promise((resolve) => client.on('connectionStateChanged', (state) => state === 'CLOSED' && resolve()));
    const late = await client.record.snapshot('note').catch(({ code }) => code);
    return [...ends, late, again.get(), client.record.names()];
  });
  expect(ends).toEqual(['deleted', 'made anew: {}', 'IS_CLOSED', { count: 11 }, []]);
});

test('what callbacks throw is reported, and stops nothing', async ({ startDeepstream, visitRecords }) => {
  const server = await startDeepstream();
  const { page } = await visitRecords(server);
  const { thrown, seen } = await page.evaluate(async () => {
    const [thrown, seen] = [[], []];
    addEventListener('error', (event) => {
      thrown.push(event.error);
      event.preventDefault();
    });
    const note = client.record.getRecord('note');
    note.on('ready', () => {
      throw 'ready';
    });
    note.whenReady(() => {
      throw 'whenReady';
    });
    note.subscribe(() => {
      throw 'subscribe';
    });
    note.subscribe((data) => seen.push(data), true);
    await note.whenReady();
    note.set({ a: 1 }, () => {
      throw 'set';
    });
    await note.setWithAck('a', 2);
    return { thrown, seen };
  });
  expect(thrown).toEqual(['ready', 'whenReady', 'subscribe', 'subscribe', 'set']);
  expect(seen).toEqual([{}, { a: 1 }, { a: 2 }]);
});

test('a strategy that throws or answers nonsense loses nothing without a word', async ({
  startDeepstream,
  visitRecords,
  makeReference,
}) => {
  const server = await startDeepstream();
  const reference = await makeReference(server);
  const { page, proxy } = await visitRecords(server);
  await page.evaluate(() => {
    globalThis.thrown = [];
    addEventListener('error', (event) => {
      thrown.push(event.error);
      event.preventDefault();
    });
    const answers = {
      throws() {
        throw 'no idea';
      },
      refuses: (_l, _lv, _r, _rv, done) => done('refused', null),
      scalar: (_l, _lv, _r, _rv, done) => done(null, 5),
      later: (local, _lv, _r, _rv, done) => setTimeout(() => done(null, { ...local, merged: true }), 20),
    };
    for (const [name, strategy] of Object.entries(answers)) client.record.setMergeStrategy(name, strategy);
  });
  for (const name of ['throws', 'refuses', 'scalar', 'later']) {
    await open(page, name);
    const theirs = reference.record.getRecord(name);
    await theirs.whenReady();
    proxy.fail('refuse');
    await eventually(() => page.evaluate(() => client.getConnectionState())).toBe('RECONNECTING');
    const written = page.evaluate(
      (its) =>
        globalThis[its].setWithAck('a', 'ours').then(
          () => 'written',
          ({ code, message }) => `${code} ${message}`,
        ),
      name,
    );
    await theirs.setWithAck('a', 'theirs');
    proxy.fail('none');
    const isMerged = name === 'later';
    expect(await written).toMatch(isMerged ? /^written$/ : /^MERGE_FAILED .*(no idea|refused|neither an object)/);
    await eventually(() => page.evaluate((its) => globalThis[its].get(), name)).toEqual(
      isMerged ? { a: 'ours', merged: true } : { a: 'theirs' },
    );
  }
  expect(await page.evaluate(() => thrown)).toEqual(['no idea']);
});

test('bad arguments are refused at the call', async ({ startDeepstream, visitRecords }) => {
  const server = await startDeepstream();
  const { page } = await visitRecords(server);
  await open(page, 'note');
  const refusals = await page.evaluate(async () => {
    const { DeepstreamClient } = await import('/pkg/index.mjs');
    const cycle = {};
    cycle.cycle = cycle;
    const calls = {
      name: () => client.record.getRecord(''),
      list: () => client.record.getList(5),
      scalar: () => note.set(5),
      nothing: () => note.set('a'),
      whole: () => note.set(undefined),
      path: () => note.set('a[', 1),
      index: () => note.get('a[b]'),
      erase: () => note.erase(''),
      function: () => note.set('a', () => {}),
      bigint: () => note.set('a', 1n),
      cycle: () => note.set(cycle),
      callback: () => note.subscribe('a', 'b'),
      acknowledgement: () => note.set('a', 1, 'b'),
      patches: () => note.setMulti({ a: 1, 'b[': 2 }),
      strategy: () => client.record.setMergeStrategy('note', 'theirs'),
      pattern: () => client.record.setMergeStrategyRegExp('note', MERGE_STRATEGIES.LOCAL_WINS),
      side: () => threeWay({ prefer: 'mine' }),
      names: () => client.record.notify('note'),
      option: () => new DeepstreamClient('localhost', { recordPrefixWriteWhitelist: [5] }),
      deep: () => new DeepstreamClient('localhost', { recordDeepCopy: 1 }),
    };
    const outcomes = {};
    for (const [what, call] of Object.entries(calls)) {
      try {
        call();
        outcomes[what] = 'accepted';
      } catch (error) {
        outcomes[what] = `${error.code} ${error.message}`;
      }
    }
    return [outcomes, note.get(), note.version];
  });
  const [outcomes, data, version] = refusals;
  for (const [what, outcome] of Object.entries(outcomes)) {
    expect(outcome, what).toMatch(/^INVALID_(ARGUMENT|OPTION) invalid (argument|option) \S+: expected /);
  }
  expect(outcomes.path).toContain('invalid argument path: expected');
  expect([data, version]).toEqual([{}, 0]);
});

test('an anonymous record stands for one record after another', async ({ startDeepstream, visitRecords }) => {
  const server = await startDeepstream();
  const { page } = await visitRecords(server);
  const outcome = await page.evaluate(async () => {
    await client.record.setDataWithAck('users/ada', { name: 'Ada' });
    await client.record.setDataWithAck('users/grace', { name: 'Grace' });
    const seen = [];
    const user = client.record.getAnonymousRecord();
    user.on('nameChanged', (name) => seen.push(name));
    user.subscribe('name', (name) => seen.push(name));
    const before = [user.name, user.version, user.isReady, user.get()];
    await user.setName('users/ada');
    await user.setName('users/grace');
    await user.setWithAck('name', 'Amazing Grace');
    const after = [user.name, user.version, user.isReady, user.get()];
    user.discard();
    return [before, seen, after];
  });
  expect(outcome).toEqual([
    ['', -1, false, undefined],
    ['users/ada', 'Ada', 'users/grace', 'Grace', 'Amazing Grace'],
    ['users/grace', 2, true, { name: 'Amazing Grace' }],
  ]);
});

test('copies may be changed; shared values are the same until they change', async ({
  startDeepstream,
  visitRecords,
}) => {
  const server = await startDeepstream();
  const [{ page: copying }, { page: sharing }] = [
    await visitRecords(server),
    await visitRecords(server, { recordDeepCopy: false }),
  ];
  const changeWhatIsGiven = () => {
    const given = [];
    note.subscribe('list', (list) => given.push(list));
    note.subscribe('list', (list) => given.push(list));
    note.set('list', ['a']);
    const [first, second] = given;
    const isShared = first === second;
    const isSame = note.get('list') === note.get('list');
    note.set('other', 1);
    const staysTheSame = note.get('list') === note.get('list');
    note.get('list').push('b');
    return [isShared, isSame, staysTheSame, client.record.getRecord('note').get('list').length];
  };
  await open(copying, 'note');
  expect(await copying.evaluate(changeWhatIsGiven)).toEqual([false, true, true, 1]);
  await open(sharing, 'note');
  await sharing.evaluate(() => note.erase('list'));
  expect((await sharing.evaluate(changeWhatIsGiven)).slice(0, 3)).toEqual([true, true, true]);
});

test('records can be read-only, but for some', async ({ startDeepstream, visitRecords }) => {
  const server = await startDeepstream();
  const { page } = await visitRecords(server, {
    recordReadOnlyMode: true,
    recordPrefixWriteWhitelist: ['mine/'],
  });
  const outcomes = await page.evaluate(async () => {
    const attempt = (promise) =>
      promise.then(
        () => 'written',
        ({ code }) => code,
      );
    return [
      await attempt(client.record.getRecord('mine/note').setWithAck('a', 1)),
      await attempt(client.record.getRecord('note').setWithAck('a', 1)),
      await attempt(client.record.setDataWithAck('note', 'a', 1)),
      await attempt(client.record.setDataWithAck('mine/other', 'a', 1)),
    ];
  });
  expect(outcomes).toEqual(['written', 'RECORD_READ_ONLY_MODE', 'RECORD_READ_ONLY_MODE', 'written']);
});

test('what the server forbids is told where it was asked', async ({ startDeepstream, visitRecords }) => {
  const server = await startDeepstream({ permissions: { record: { 'locked/*': { write: false, delete: false } } } });
  const { page } = await visitRecords(server);
  await open(page, 'locked/note');
  const codes = await page.evaluate(async () => {
    const note = globalThis['locked/note'];
    const written = await note.setWithAck('a', 1).catch(({ code }) => code);
    const view = note.get();
    const byCallback = await new Promise((resolve) => note.set('a', 1, (...given) => resolve(given)));
    const deleted = await note.delete().catch(({ code, reason }) => [code, reason]);
    globalThis.errors = [];
    client.on('error', ({ code, topic }) => errors.push([code, topic]));
    return [written, view, byCallback, deleted];
  });
  expect(codes).toEqual(['MESSAGE_DENIED', {}, ['MESSAGE_DENIED', 'locked/note'], ['MESSAGE_DENIED', 'MESSAGE_DENIED']]);
  expect((await heardOf(page, 'locked/note')).events, 'who waits is told, and nobody else').toEqual([['ready']]);
  await page.evaluate(() => globalThis['locked/note'].set('a', 1));
  await eventually(() => page.evaluate(() => errors)).toEqual([['MESSAGE_DENIED', 'RECORD']]);
  expect((await heardOf(page, 'locked/note')).events).toEqual([['ready'], ['error', 'MESSAGE_DENIED']]);
});

test('a record is provided as long as somebody wants it', async ({ startDeepstream, visitRecords }) => {
  const server = await startDeepstream();
  const [{ page: ada }, { page: grace }] = [await visitRecords(server), await visitRecords(server)];
  await ada.evaluate(() => {
    globalThis.offers = [];
    client.record.listen('^weather/', (name, response) => {
      offers.push(name);
      response.onStop(() => offers.push(`no more ${name}`));
      response.accept();
      client.record.setData(name, { sky: 'blue' });
    });
  });
  const seen = await grace.evaluate(async () => {
    const weather = client.record.getRecord('weather/here');
    await new Promise((resolve) => weather.on('hasProviderChanged', (has) => has && resolve()));
    await new Promise((resolve) => weather.subscribe('sky', (sky) => sky && resolve(), true));
    const seen = [weather.hasProvider, weather.get()];
    weather.discard();
    return seen;
  });
  expect(seen).toEqual([true, { sky: 'blue' }]);
  await eventually(() => ada.evaluate(() => offers)).toEqual(['weather/here', 'no more weather/here']);
});

test('subscriptions end by themselves, by their signal, and with what made them', async ({
  startDeepstream,
  visitRecords,
}) => {
  const server = await startDeepstream();
  const { page } = await visitRecords(server);
  const seen = await page.evaluate(async () => {
    const seen = [];
    const hear = (what) => (value) => seen.push(`${what} ${value}`);
    const note = client.record.getRecord('note');
    const anonymous = client.record.getAnonymousRecord();
    await anonymous.setName('note');
    const list = await client.record.getList('list').whenReady();
    const controller = new AbortController();
    const { signal } = controller;
    const own = [
      note.subscribe('n', hear('own')),
      anonymous.subscribe('n', hear('anonymous')),
      list.subscribe(hear('list')),
    ];
    note.subscribe('n', hear('signal'), { signal, triggerNow: true });
    anonymous.subscribe('n', hear('anonymous signal'), { signal });
    list.subscribe(hear('list signal'), { signal });
    const second = client.record.getRecord('note');
    second.subscribe('n', hear('second'));
    note.set('n', 1);
    list.addEntry('a');
    controller.abort();
    second.discard();
    note.set('n', 2);
    list.addEntry('b');
    for (const subscription of own) subscription.unsubscribe();
    note.set('n', 3);
    list.addEntry('c');
    note.subscribe('n', hear('never'), { signal });
    note.set('n', 4);
    return seen;
  });
  expect(seen).toEqual([
    'signal undefined',
    ...['own 1', 'anonymous 1', 'signal 1', 'anonymous signal 1', 'second 1', 'list a', 'list signal a'],
    ...['own 2', 'anonymous 2', 'list a,b'],
  ]);
});

test('records tell their states', async ({ startDeepstream, visitRecords }) => {
  const server = await startDeepstream();
  const { page, proxy } = await visitRecords(server);
  await page.evaluate(async () => {
    globalThis.states = [];
    globalThis.note = client.record.getRecord('note');
    note.on('onRecordStateChanged', (state) => states.push(state));
    await note.whenReady();
  });
  await eventually(() => page.evaluate(() => states)).toEqual(['READY']);
  proxy.fail('refuse');
  await eventually(() => page.evaluate(() => states)).toEqual(['READY', 'RESUBSCRIBING']);
  proxy.fail('none');
  await eventually(() => page.evaluate(() => states)).toEqual(['READY', 'RESUBSCRIBING', 'READY']);
  await page.evaluate(() => note.delete());
  await eventually(() => page.evaluate(() => states.slice(3))).toEqual(['DELETING', 'DELETED']);
});
