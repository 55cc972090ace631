// What the client's objects do by themselves, without a server: in Node, with the built package.
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { inRepository } from './consumer.mjs';

const { C, DeepstreamClient, DeepstreamError, DefaultOptions, dsClient } = await import(inRepository('pkg', 'index.mjs'));
const { createTestServer } = await import(inRepository('pkg', 'testing.mjs'));

// Nobody listens there.
const url = 'ws://127.0.0.1:9/deepstream';
const options = { lazyConnect: true };
const clients = [];
const open = () => {
  const client = new DeepstreamClient(url, options);
  clients.push(client);
  return client;
};
afterEach(() => clients.splice(0).forEach((client) => client.close()));

test('JSON can be made of all that an application holds, as what logs it does', () => {
  const client = open();
  const { event, record, rpc, presence, outbox } = client;
  const records = [record.getRecord('note'), record.getList('list'), record.getAnonymousRecord()];
  for (const held of [client, event, record, rpc, presence, outbox, ...records]) assert.equal(typeof JSON.stringify(held), 'string');
});

const emitters = { 'a client': open, 'a record': () => open().record.getRecord('note'), 'a list': () => open().record.getList('list') };
for (const [what, make] of Object.entries(emitters)) {
  describe(`the listeners of ${what}`, () => {
    test('are called with what is emitted, in order', () => {
      const emitter = make();
      const heard = [];
      emitter.on('happened', (...given) => heard.push(given)).on('happened', (...given) => heard.push(given));
      assert.equal(emitter.emit('happened', 1, 'two'), emitter);
      emitter.emit('happened').emit('nothing');
      assert.deepEqual(heard, [[1, 'two'], [1, 'two'], [], []]);
    });

    test('are not called any more once another one has removed them', () => {
      const emitter = make();
      const heard = [];
      const second = () => heard.push('second');
      emitter.on('happened', () => heard.push('first') && emitter.off('happened', second));
      emitter.on('happened', second).once('happened', () => heard.push('once')).once('happened', () => heard.push('once too'));
      emitter.emit('happened').emit('happened');
      assert.deepEqual(heard, ['first', 'once', 'once too', 'first']);
    });

    test('go with their scope', () => {
      const emitter = make();
      const heard = [];
      const scope = {};
      emitter.on('a', () => heard.push('scoped'), scope).once('b', () => heard.push('scoped'), scope);
      emitter.on('a', () => heard.push('other'), {}).on('a', () => heard.push('unscoped'));
      emitter.removeContext(scope);
      emitter.emit('a').emit('b');
      assert.deepEqual(heard, ['other', 'unscoped']);
    });

    test('go with their signal', () => {
      const emitter = make();
      const heard = [];
      const controller = new AbortController();
      const { signal } = controller;
      emitter.on('a', () => heard.push('ends'), undefined, { signal }).on('a', () => heard.push('stays'));
      emitter.emit('a');
      controller.abort();
      emitter.on('a', () => heard.push('never'), undefined, { signal });
      emitter.emit('a');
      assert.deepEqual(heard, ['ends', 'stays', 'stays']);
      assert.throws(() => emitter.on('b', () => {}, undefined, { signal: {} }), { code: 'INVALID_ARGUMENT' });
      assert.deepEqual(emitter.eventNames(), ['a']);
    });

    test('go wherever they are, where no event is named', () => {
      const emitter = make();
      const heard = [];
      const listener = () => heard.push('removed');
      emitter.on('a', listener).on('b', listener).on('b', () => heard.push('stays'));
      emitter.off(undefined, listener);
      emitter.emit('a').emit('b');
      assert.deepEqual(heard, ['stays']);
      emitter.off(undefined, undefined, undefined);
      assert.deepEqual(emitter.eventNames(), []);
    });
  });
}

describe('the same value is given until it is different', () => {
  test('client.connection', () => {
    const client = open();
    const before = client.connection;
    assert.equal(client.connection, before);
    client.event.emit('news', 1);
    assert.equal(client.connection, before);
    const told = [];
    client.on('connectionChanged', (connection) => told.push([connection, client.connection]));
    client.pause();
    assert.deepEqual(told, [[client.connection, client.connection]]);
    assert.notEqual(client.connection, before);
    assert.equal(client.connection.state, 'OFFLINE');
  });

  test('client.outbox.entries()', () => {
    const client = open();
    const read = () => [client.outbox.entries(), client.outbox.entries({ payloads: true })];
    const isSame = (before) => read().map((entries, index) => entries === before[index]);
    const none = read();
    assert.deepEqual(isSame(none), [true, true]);
    client.event.emit('news', 1, { delivery: 'memory' });
    assert.deepEqual(isSame(none), [false, false]);
    const one = read();
    client.on('connectionStateChanged', () => {});
    client.event.subscribe('news', () => {});
    assert.deepEqual(isSame(one), [true, true]);
    assert.deepEqual(one[1].map(({ name, data }) => [name, data]), [['news', 1]]);
  });

  test('record.get(), which is another one once somebody has changed it', () => {
    const client = open();
    const [record, other] = [client.record.getRecord('note'), client.record.getRecord('note')];
    assert.equal(record.get(), record.get());
    record.set({ title: 'Shopping', items: ['bread'] });
    const before = record.get();
    const items = record.get('items');
    client.event.emit('news', 1);
    assert.equal(record.get(), before);
    assert.equal(other.get(), before);
    assert.equal(record.get('items'), items);
    record.set('title', 'Party');
    assert.deepEqual(record.get(), { title: 'Party', items: ['bread'] });
    assert.equal(record.get('items'), items);

    record.get().title = 'mine';
    record.get('items').push('beer');
    assert.deepEqual(record.get(), { title: 'Party', items: ['bread'] });
    assert.deepEqual(other.get('items'), ['bread']);
    assert.equal(record.get(), other.get());
    const draft = record.get();
    draft.self = draft;
    assert.deepEqual(other.get(), { title: 'Party', items: ['bread'] });
    const last = record.get();
    client.close();
    assert.deepEqual(record.get(), {});
    assert.equal(record.get(), record.get());
    assert.notEqual(record.get(), last);
  });

  for (const kind of ['getList', 'getDq']) {
    test(`${kind}().getEntries()`, () => {
      const list = open().record[kind]('books');
      const none = list.getEntries();
      assert.equal(list.getEntries(), none);
      none.push('mine');
      assert.deepEqual(list.getEntries(), []);
      list.setEntries(['books/dune']);
      const before = list.getEntries();
      assert.equal(list.getEntries(), before);
      before.push('mine');
      assert.deepEqual(list.getEntries(), ['books/dune']);
      list.setEntries(['books/dune', 'books/emma']);
      assert.deepEqual(list.getEntries(), ['books/dune', 'books/emma']);
    });
  }
});

test('what listens to the outbox can be ended', () => {
  const { event, outbox } = open();
  const heard = [];
  const controller = new AbortController();
  const first = outbox.on('changed', () => heard.push('first'));
  outbox.on('changed', () => heard.push('second'), { signal: controller.signal });
  outbox.once('changed', () => heard.push('once')).unsubscribe();
  const emit = () => event.emit('news', 1, { delivery: 'memory' });
  emit();
  first.unsubscribe();
  emit();
  controller.abort();
  emit();
  assert.deepEqual(heard, ['first', 'second', 'second']);
});

describe('arguments that are undefined count as left out', () => {
  const calls = {
    login: (client) => client.login(undefined, undefined).catch(() => {}),
    resume: (client) => client.resume(undefined).catch(() => {}),
    subscribe: ({ event }) => event.subscribe('news', () => {}, undefined),
    'subscribe with options': ({ event }) => event.subscribe('news', () => {}, { signal: undefined }),
    unsubscribe: ({ event }) => event.unsubscribe('news', undefined),
    emit: ({ event }) => event.emit('news', undefined, undefined),
    'emit with options': ({ event }) => event.emit('news', 1, { ttl: undefined, key: undefined, delivery: undefined, receipt: undefined }),
    stream: ({ event }) => event.stream('news', undefined),
    'stream with options': ({ event }) => event.stream('news', { signal: undefined, maxBuffered: undefined }),
    'presence of all': ({ presence }) => presence.subscribe(undefined, () => {}, undefined),
    'no presence of all': ({ presence }) => presence.unsubscribe(undefined, () => {}),
    'no presence': ({ presence }) => presence.unsubscribe(undefined, undefined),
    'no presence of one': ({ presence }) => presence.unsubscribe('bob', undefined),
    getAll: ({ presence }) => presence.getAll(undefined, undefined).catch(() => {}),
    'getAll with a callback': ({ presence }) => presence.getAll(undefined, () => {}),
    make: ({ rpc }) => rpc.make('add', undefined, undefined).catch(() => {}),
    'make with options': ({ rpc }) =>
      rpc.make('add', 1, { timeout: undefined, signal: undefined, idempotent: undefined, delivery: undefined, ttl: undefined }).catch(() => {}),
    entries: ({ outbox }) => outbox.entries(undefined),
    off: ({ outbox }) => outbox.off('changed', undefined),
  };
  for (const [name, call] of Object.entries(calls)) test(name, () => void call(open()));

  test('new DeepstreamClient', () => {
    clients.push(new DeepstreamClient(url, undefined));
    const allUndefined = Object.fromEntries(Object.keys(DefaultOptions).map((name) => [name, undefined]));
    clients.push(new DeepstreamClient(url, { ...allUndefined, lazyConnect: true, outbox: { ttl: undefined } }));
  });
});

describe('what a call is given is called when it has returned', () => {
  const calls = {
    'presence.getAll': ({ presence }, callback) => presence.getAll(callback),
    'rpc.make': ({ rpc }, callback) => rpc.make('add', 1, callback),
    login: (client, callback) => client.login({}, callback),
    resume: (client, callback) => client.resume(callback),
    'record.snapshot': ({ record }, callback) => record.snapshot('note', callback),
    'record.delete': ({ record }, callback) => record.delete('note', callback),
    'record.setData': ({ record }, callback) => record.setData('note', {}, callback),
    'record.notify': ({ record }, callback) => record.notify(['note'], callback),
  };
  for (const [name, call] of Object.entries(calls)) {
    test(name, async () => {
      const client = open();
      client.close();
      let hasReturned = false;
      const called = new Promise((resolve) => {
        call(client, () => resolve(hasReturned));
        hasReturned = true;
      });
      assert.equal(await called, true);
    });
  }

  test('in the order of the calls, from within a callback too', async () => {
    const client = open();
    client.close();
    const order = [];
    await new Promise((resolve) => {
      client.rpc.make('a', 1, () => {
        client.rpc.make('c', 1, () => (order.push('c'), resolve()));
        order.push('a');
      });
      client.rpc.make('b', 1, () => order.push('b'));
      order.push('returned');
    });
    assert.deepEqual(order, ['returned', 'a', 'b', 'c']);
  });
});

describe('what callbacks and promises are told', () => {
  test('while paused: the value of C.EVENT.CLIENT_OFFLINE', async () => {
    const client = open();
    client.pause();
    const error = await client.presence.getAll().catch((error) => error);
    assert.ok(error instanceof DeepstreamError);
    assert.equal(error.code, C.EVENT.CLIENT_OFFLINE);
    assert.equal(error.reason, C.EVENT.CLIENT_OFFLINE);
    assert.deepEqual(await new Promise((resolve) => client.presence.getAll((...given) => resolve(given))), [
      C.EVENT.CLIENT_OFFLINE,
    ]);
    assert.deepEqual(await new Promise((resolve) => client.presence.getAll(['bob'], (...given) => resolve(given))), [
      C.EVENT.CLIENT_OFFLINE,
    ]);
  });
});

// A rejection that nobody handles fails the test, and ends a process of Node.
test('whoever names a record and does not look at the promise is not troubled when it cannot be loaded', async () => {
  const client = open();
  client.record.getAnonymousRecord().setName('note');
  client.close();
  await new Promise((resolve) => setTimeout(resolve));
});

test('an outage of which nobody wants to be told is written to the console once, and the next one again', { timeout: 30_000 }, async (t) => {
  const written = [];
  t.mock.method(console, 'error', (_words, _error, code) => written.push(code));
  const server = createTestServer();
  t.after(() => server.close());
  const quick = { reconnectIntervalIncrement: 5, maxReconnectInterval: 10, outbox: { storage: 'memory' } };
  const client = new DeepstreamClient(server.url, quick);
  clients.push(client);
  const until = async (condition) => {
    while (!condition(client.connection)) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await client.login();
  for (const outage of [1, 2]) {
    server.refuse();
    await until(() => written.length >= outage);
    const { attempt: before } = client.connection;
    await until(({ attempt }) => attempt > before + 2);
    assert.deepEqual(written, Array(outage).fill('CONNECTION_ERROR'));
    server.heal();
    await until(({ state }) => state === 'OPEN');
  }
});

describe('dsClient', () => {
  afterEach(() => clients.push(dsClient(url, options)));

  test('makes one client, and a new one after it was closed', () => {
    const client = dsClient(url, options);
    assert.ok(client instanceof DeepstreamClient);
    assert.equal(client.getConnectionState(), C.CONNECTION_STATE.CLOSED, 'it is lazy');
    assert.equal(dsClient(), client);
    assert.equal(dsClient(url), client);
    client.close();
    const next = dsClient(url, options);
    assert.notEqual(next, client);
    assert.equal(dsClient(), next);
    next.close();
    assert.throws(() => dsClient(), { code: 'INVALID_ARGUMENT' });
  });

  test('has one URL', () => {
    dsClient(url, options);
    assert.throws(() => dsClient('ws://elsewhere'), { code: 'INVALID_ARGUMENT', message: /elsewhere/ });
  });
});
