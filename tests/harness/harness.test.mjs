import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectTo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import deepstreamClient from '@deepstream/client';
import { startDeepstreamServer } from './deepstream-server.mjs';
import { freePort, loopback } from './ports.mjs';
import { startScriptedServer, startScriptedServerProcess } from './scripted-server.mjs';
import { startStaticServer } from './static-server.mjs';

const { DeepstreamClient } = deepstreamClient;
const deadline = { timeout: 120_000 };

function connect(url) {
  const client = new DeepstreamClient(url, { reconnectIntervalIncrement: 50, maxReconnectAttempts: 1000 });
  client.on('error', () => {});
  after(() => client.close());
  return client;
}

/** Resolves once the client is in this state. */
function reached(client, state) {
  if (client.getConnectionState() === state) return Promise.resolve();
  return new Promise((resolve) => client.on('connectionStateChanged', (now) => now === state && resolve()));
}

function login(client, parameters) {
  return new Promise((resolve) => client.login(parameters, (success, data) => resolve({ success, data })));
}

describe('the real server', deadline, () => {
  test('lets everybody in, and comes back on its own port after it was killed', async () => {
    const server = await startDeepstreamServer();
    after(server.stop);
    const client = connect(server.url);
    assert.equal((await login(client, {})).success, true);
    const lost = reached(client, 'RECONNECTING');
    await server.kill();
    assert.equal(server.isRunning(), false);
    await lost;
    await server.start();
    assert.equal(server.isRunning(), true);
    await reached(client, 'OPEN');
  });

  test('tells what it takes in: events, and what is in a record after a write', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'taken-'));
    after(() => rm(directory, { recursive: true }));
    const taken = [];
    let tell;
    const server = await startDeepstreamServer({
      storageFile: join(directory, 'records.json'),
      onTaken: (what) => taken.push(what) === 3 && tell(),
    });
    after(server.stop);
    const toldAll = new Promise((resolve) => (tell = resolve));
    const client = connect(server.url);
    await login(client, {});
    client.event.emit('news', { number: 1 });
    client.event.emit('news');
    client.record.setData('note', { a: 1 });
    await toldAll;
    assert.deepEqual(taken, [
      { event: 'news', text: '{"number":1}' },
      { event: 'news', text: null },
      { record: 'note', text: '{"a":1}' },
    ]);
  });

  test('knows its users, and loses patience with the others', async () => {
    const server = await startDeepstreamServer({
      users: { ann: { password: 'secret', clientData: { colour: 'green' } } },
      maxAuthAttempts: 2,
    });
    after(server.stop);
    const ann = { username: 'ann', password: 'secret' };
    assert.deepEqual(await login(connect(server.url), ann), { success: true, data: { colour: 'green' } });
    const intruder = connect(server.url);
    assert.equal((await login(intruder, { ...ann, password: 'guess' })).success, false);
    intruder.login({ ...ann, password: 'guess again' }, () => {});
    await reached(intruder, 'TOO_MANY_AUTH_ATTEMPTS');
  });

  test('cuts who does not log in', async () => {
    const server = await startDeepstreamServer({ unauthenticatedClientTimeout: 50 });
    after(server.stop);
    await reached(connect(server.url), 'AUTHENTICATION_TIMEOUT');
  });

  test('forbids what its rules forbid, and only that', async () => {
    const server = await startDeepstreamServer({ permissions: { event: { 'secret/*': { subscribe: false } } } });
    after(server.stop);
    const client = connect(server.url);
    await login(client, {});
    const denied = new Promise((resolve) => client.on('error', (_error, event) => event === 'MESSAGE_DENIED' && resolve()));
    client.event.subscribe('secret/plan', () => {});
    await denied;
    const subscribed = new Promise((resolve) => client.event.listen('public', resolve));
    const other = connect(server.url);
    await login(other, {});
    const heard = new Promise((resolve) => other.event.subscribe('public', resolve));
    await subscribed;
    client.event.emit('public', 'news');
    assert.equal(await heard, 'news');
  });

  test('says why it could not start', async () => {
    const blocker = createServer().listen(0, loopback);
    await once(blocker, 'listening');
    after(() => blocker.close());
    await assert.rejects(startDeepstreamServer({ port: blocker.address().port }), /EADDRINUSE/);
  });

  test('does not outlive its parent', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'harness-'));
    after(() => rm(directory, { recursive: true }));
    const script = join(directory, 'parent.mjs');
    await writeFile(
      script,
      `import { startDeepstreamServer } from ${JSON.stringify(new URL('./deepstream-server.mjs', import.meta.url))};
       process.send((await startDeepstreamServer()).url);
       setInterval(() => {}, 1000);`,
    );
    const parent = fork(script);
    const [url] = await once(parent, 'message');
    parent.kill('SIGKILL');
    const healthCheck = url.replace(/^ws(.*)\/deepstream$/, 'http$1/health-check');
    while (await fetch(healthCheck).then(() => true, () => false));
  });
});

describe('the scripted server', deadline, () => {
  test('plays a server without surprises, and counts', async () => {
    const server = await startScriptedServer();
    after(server.stop);
    const client = connect(server.url());
    assert.equal((await login(client, {})).success, true);
    client.event.emit('greeting', 'hello');
    const emitted = () => server.connections[0].received.find(({ name }) => name === 'greeting');
    while (!emitted()) await once(server.connections[0].socket, 'message');
    assert.equal(emitted().data, '"hello"');
    assert.equal(server.report().received['EVENT/EMIT'], 1);
    assert.equal(server.report().opened, 1);
  });

  test('lets a test take over', async () => {
    let reportClosed;
    const closed = new Promise((resolve) => (reportClosed = (_connection, code) => resolve(code)));
    const server = await startScriptedServer({
      scripts: {
        deepstream: { authenticated: (connection) => connection.close(4001), closed: reportClosed },
      },
    });
    after(server.stop);
    await login(connect(server.url()), {});
    assert.equal(await closed, 4001);
  });

  test('follows its canned scripts in a process of its own', async () => {
    const server = await startScriptedServerProcess();
    after(server.stop);
    assert.equal((await login(connect(server.url('redirect')), {})).success, true);
    assert.deepEqual((await login(connect(server.url('client-data')), { a: 1 })).data, { a: 1 });
    assert.deepEqual(await login(connect(server.url('login-refused')), {}), { success: false, data: { reason: 'refused' } });
    await reached(connect(server.url('reject')), 'CHALLENGE_DENIED');
    await reached(connect(server.url('authentication-timeout')), 'AUTHENTICATION_TIMEOUT');
    const { received } = await (await fetch(`${server.baseUrl.replace('ws', 'http')}/report`)).json();
    assert.equal(received['AUTH/REQUEST'], 3);
  });

  for (const [path, expectation] of [
    ['unavailable', 'error'],
    ['unknown', 'error'],
    ['cut', 1006],
    ['close-at-once/1012', 1012],
  ]) {
    test(`answers /${path} with ${expectation}`, async () => {
      const server = await startScriptedServer();
      after(server.stop);
      const { WebSocket } = await import('ws');
      const socket = new WebSocket(server.url(path));
      const outcome = await new Promise((resolve) => {
        socket.on('error', () => resolve('error'));
        socket.on('close', resolve);
      });
      assert.equal(outcome, expectation);
    });
  }
});

test('a client that resets the connection while it is refused does not end the scripted server', async () => {
  const server = await startScriptedServer();
  after(server.stop);
  const { port, host } = new URL(server.url('unavailable').replace('ws', 'http'));
  const request = `GET /unavailable HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const socket = connectTo(Number(port), loopback);
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(request);
    if (attempt % 2) await once(socket, 'data');
    socket.resetAndDestroy();
    await once(socket, 'close');
  }
  const { opened } = await (await fetch(`${server.baseUrl.replace('ws', 'http')}/report`)).json();
  assert.equal(opened, 0);
});

test('freePort goes past a taken port', async () => {
  const blocker = createServer().listen(0, loopback);
  await once(blocker, 'listening');
  const { port } = blocker.address();
  assert.ok((await freePort(port)) > port);
  blocker.close();
  await once(blocker, 'close');
  assert.equal(await freePort(port), port);
});

test('the static server serves the most specific directory', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'harness-'));
  after(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'module.mjs'), 'export {}');
  const here = new URL('.', import.meta.url).pathname;
  const server = await startStaticServer({ directories: { '/': here, '/pkg/': directory }, headers: { 'X-Test': 'yes' } });
  after(server.stop);
  const found = await fetch(`${server.url}/pkg/module.mjs?version=1`);
  assert.equal(found.status, 200);
  assert.match(found.headers.get('content-type'), /javascript/);
  assert.equal(found.headers.get('x-test'), 'yes');
  assert.equal((await fetch(`${server.url}/ports.mjs`)).status, 200);
  assert.equal((await fetch(`${server.url}/pkg/ports.mjs`)).status, 404);
});
