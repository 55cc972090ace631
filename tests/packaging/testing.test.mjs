// The server in memory that applications test with. drop-in.test.mjs compares what clients see of it with a real one.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, describe, mock, test } from 'node:test';
import { createConsumer, inRepository, runModule } from './consumer.mjs';

const { DeepstreamClient, MERGE_STRATEGIES } = await import(inRepository('pkg', 'index.mjs'));
const { createTestServer } = await import(inRepository('pkg', 'testing.mjs'));

const timeout = 30_000;
const options = {
  subscriptionInterval: 0,
  reconnectIntervalIncrement: 20,
  maxReconnectInterval: 40,
  outbox: { storage: 'memory' },
  mergeStrategy: MERGE_STRATEGIES.THREE_WAY,
};
const opened = [];
const start = (given) => {
  const server = createTestServer(given);
  opened.push(server);
  return server;
};
const enter = async (server, username, own) => {
  const client = new DeepstreamClient(server.url, { ...options, ...own });
  opened.push(client);
  client.on('error', () => {});
  await client.login({ username });
  return client;
};
afterEach(() => opened.splice(0).reverse().forEach((each) => each.close()));

/** Waits until something is so. */
async function until(condition, what) {
  for (let waited = 0; !(await condition()); waited += 5) {
    assert.ok(waited < 10_000, `in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('faults', { timeout }, () => {
  test('cut: all are back at once, and nothing is lost', async () => {
    const server = start();
    const [ann, bob] = [await enter(server, 'ann'), await enter(server, 'bob')];
    const heard = [];
    bob.event.subscribe('news', (data) => heard.push(data));
    await until(() => (ann.event.emit('news', 'ready'), heard.length > 0), 'the subscription');
    server.cut();
    assert.equal(await ann.event.emit('taken', 1, { receipt: true }), 'delivered');
    await until(() => bob.connection.wasReconnected && bob.getConnectionState() === 'OPEN', 'the other');
    assert.deepEqual(server.users.sort(), ['ann', 'bob']);
    await until(() => (ann.event.emit('news', 'again'), heard.includes('again')), 'the subscription once more');
  });

  test('refuse: attempts fail until it heals, and what was written meets what others wrote', async () => {
    const server = start();
    const [ann, bob] = [await enter(server, 'ann'), await enter(server, 'bob')];
    const note = await ann.record.getRecord('note').whenReady();
    await note.setWithAck({ title: 'Shopping', by: 'ann' });
    server.refuse();
    await until(() => ann.connection.attempt > 2, 'attempts');
    note.set('title', 'Party');
    server.records.set('note', { version: 2, data: { title: 'Shopping', by: 'bob' } });
    server.heal();
    await until(() => server.records.get('note').data.title === 'Party', 'the write');
    assert.deepEqual(server.records.get('note').data, { title: 'Party', by: 'bob' });
    assert.deepEqual(note.get(), { title: 'Party', by: 'bob' });
    await until(() => bob.connection.wasReconnected, 'the other');
  });

  test('silence: nothing fails, nothing arrives, and a heartbeat finds out', async () => {
    const server = start();
    const ann = await enter(server, 'ann');
    const patient = await enter(server, 'bob', { heartbeatInterval: 600_000 });
    const answer = patient.presence.getAll();
    server.silence();
    ann.close();
    const client = new DeepstreamClient(server.url, { ...options, connectTimeout: 50, maxReconnectAttempts: 1 });
    opened.push(client);
    client.on('error', () => {});
    await assert.rejects(client.login(), { code: 'MAX_RECONNECTION_ATTEMPTS_REACHED' });
    server.heal();
    assert.deepEqual(await answer, ['ann']);
    await until(() => server.users.length === 1, 'the end of the other');
  });
});

test('the attempts of a client follow fake timers, and messages do not wait for them', { timeout }, async () => {
  const server = createTestServer();
  const { now } = performance;
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: now.call(performance) });
  performance.now = () => Date.now();
  const pass = async (milliseconds) => {
    for (let passed = 0; passed < milliseconds; passed += 500) {
      mock.timers.tick(500);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  let ann;
  try {
    ann = await enter(server, 'ann', { reconnectIntervalIncrement: 4_000, maxReconnectInterval: 30_000 });
    server.refuse();
    await pass(60_000);
    assert.equal(ann.getConnectionState(), 'RECONNECTING');
    assert.ok(ann.connection.attempt > 3, `attempt ${ann.connection.attempt}`);
    server.heal();
    await pass(60_000);
    assert.equal(ann.getConnectionState(), 'OPEN');
  } finally {
    // With the timers that it was made with.
    ann?.close();
    server.close();
    performance.now = now;
    mock.timers.reset();
  }
});

test('notify has all read what the test has changed', { timeout }, async () => {
  const server = start();
  const ann = await enter(server, 'ann');
  const [one, other] = await Promise.all(['one', 'other'].map((name) => ann.record.getRecord(name).whenReady()));
  server.records.set('one', { version: 7, data: { from: 'a database' } });
  server.records.delete('other');
  const deleted = new Promise((resolve) => other.on('delete', resolve));
  await ann.record.notify(['one', 'other']);
  assert.deepEqual([one.version, one.get()], [7, { from: 'a database' }]);
  await deleted;
});

test('a login that is refused, and what may not be done, is told as by a server', { timeout }, async () => {
  const server = start({
    login: ({ username }) => (username === 'eve' ? false : { id: username }),
    permit: ({ user, topic, action, name }) => !(user === 'ann' && topic === 'record' && action === 'write' && name === 'settings'),
  });
  await assert.rejects(enter(server, 'eve'), { code: 'INVALID_AUTHENTICATION_DETAILS' });
  const ann = await enter(server, 'ann');
  assert.deepEqual(await ann.login({ username: 'ann' }), { id: 'ann' });
  const settings = await ann.record.getRecord('settings').whenReady();
  await assert.rejects(settings.setWithAck('dark', true), { code: 'MESSAGE_DENIED' });
});

test('it stands behind the URL that an application has', { timeout }, async () => {
  for (const url of ['wss://example.com/deepstream?shop=1', '//example.com', 'localhost:6020']) {
    const server = start({ url });
    const client = new DeepstreamClient(url, options);
    opened.push(client);
    await client.login({ username: 'ann' });
    assert.deepEqual([server.url, server.users], [url, ['ann']]);
    assert.throws(() => createTestServer({ url }), /another test server stands behind/);
    opened.splice(0).reverse().forEach((each) => each.close());
  }
  assert.throws(() => createTestServer({ url: 'ws://' }), /URL/);
});

test('other URLs are those of the WebSocket it stands in for, which is there again in the end', { timeout }, () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
  const dialled = [];
  class Real {
    constructor(url) {
      dialled.push(url);
    }
  }
  globalThis.WebSocket = Real;
  const [one, other] = [createTestServer(), createTestServer()];
  assert.notEqual(one.url, other.url);
  assert.ok(new WebSocket('ws://example.com') instanceof Real);
  assert.deepEqual(dialled, ['ws://example.com']);
  one.close();
  assert.notEqual(globalThis.WebSocket, Real);
  other.close();
  other.close();
  assert.equal(globalThis.WebSocket, Real);
  if (before) Object.defineProperty(globalThis, 'WebSocket', before);
  else delete globalThis.WebSocket;
});

describe('installed', async () => {
  const consumer = await createConsumer();
  const loadings = {
    imported: { format: 'mjs', load: (name) => `await import('${name}')` },
    required: { format: 'cjs', load: (name) => `require('${name}')` },
  };
  for (const [how, { format, load }] of Object.entries(loadings)) {
    test(`${how}, it works, and lets the process end`, { timeout }, async () => {
      const source = `
        const { DeepstreamClient } = ${load('deepstream-wasm')};
        const { createTestServer } = ${load('deepstream-wasm/testing')};
        const server = createTestServer();
        const client = new DeepstreamClient(server.url, { outbox: { storage: 'memory' } });
        client.login({ username: 'ada' })
          .then(() => client.event.emit('news', 1, { receipt: true }))
          .then((outcome) => { console.log(outcome, server.users.join()); client.close(); server.close(); });
      `;
      assert.equal(await runModule(consumer, source, { format }), 'delivered ada\n');
    });
  }
});
