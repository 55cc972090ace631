import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { freePort, loopback } from './ports.mjs';
import { directions, faults, startTcpProxy } from './tcp-proxy.mjs';

const deadline = { timeout: 120_000 };
const delayMs = 100;

let server;
let proxy;
/** The server's ends of the connections, each with the text that arrived. */
let ends;

beforeEach(async () => {
  ends = [];
  server = createServer({ allowHalfOpen: true }, (socket) => ends.push(collect(socket)));
  server.listen(await freePort(), loopback);
  await once(server, 'listening');
  proxy = await startTcpProxy({ target: server.address().port, delayMs });
});

afterEach(async () => {
  await proxy.stop();
  for (const { socket } of ends) socket.destroy();
  server.close();
  await once(server, 'close');
}, deadline);

function collect(socket) {
  const end = { socket, text: '', hasEnded: false, error: undefined };
  socket.setEncoding('utf8').on('data', (text) => (end.text += text));
  socket.on('end', () => (end.hasEnded = true));
  socket.on('error', ({ code }) => (end.error = code));
  return end;
}

/** A connection through the proxy, from the client's end. */
async function dial() {
  const end = collect(connect({ port: proxy.port, host: loopback, allowHalfOpen: true }));
  await once(end.socket, 'connect');
  return end;
}

/** How a connection that nobody wants ends: the code of its error, if there was one. */
async function outcome(port) {
  const end = collect(connect({ port, host: loopback }));
  await new Promise((resolve) => end.socket.once('close', resolve));
  return end.error;
}

/** A connection on which both ends have heard each other. */
async function converse() {
  const before = ends.length;
  const client = await dial();
  client.socket.write('hello');
  await until(() => ends[before]?.text === 'hello');
  const far = ends[before];
  far.socket.write('welcome');
  await until(() => client.text === 'welcome');
  return { client, far };
}

async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Time for bytes to arrive that shall not. */
const aMoment = () => new Promise((resolve) => setTimeout(resolve, delayMs));

test('passes bytes and ends on, in both directions', deadline, async () => {
  const { client, far } = await converse();
  client.socket.end('bye');
  await until(() => far.hasEnded);
  assert.equal(far.text, 'hellobye');
  far.socket.end('and thanks');
  await until(() => client.hasEnded);
  assert.equal(client.text, 'welcomeand thanks');
  await until(() => proxy.connections() === 0);
  assert.equal(proxy.accepted(), 1);
});

test('a server that is not there is a reset', deadline, async () => {
  const nobody = await startTcpProxy({ target: await freePort() });
  assert.equal(await outcome(nobody.port), 'ECONNRESET');
  await nobody.stop();
});

for (const [fault, error] of [
  ['refuse', undefined],
  ['reset', 'ECONNRESET'],
]) {
  test(`${fault} ends the connections that there are and those that come`, deadline, async () => {
    const { client, far } = await converse();
    proxy.fail(fault);
    assert.equal(proxy.fault(), fault);
    await until(() => client.hasEnded || client.error);
    assert.equal(client.error, error);
    await until(() => far.hasEnded || far.error);

    assert.equal(await outcome(proxy.port), error);
    assert.equal(ends.length, 1);

    proxy.fail('none');
    await converse();
  });
}

test('a black hole takes everything and gives nothing, and what it took stays lost', deadline, async () => {
  const { client, far } = await converse();
  proxy.fail('blackhole');
  const late = await dial();
  for (const { socket } of [client, late]) socket.write('is anybody there?');
  far.socket.write('it is so quiet');
  await aMoment();
  assert.equal(proxy.connections(), 2);

  proxy.fail('none');
  client.socket.write('now?');
  far.socket.end('good night');
  await aMoment();
  await converse();
  client.socket.destroy();
  late.socket.destroy();
  await until(() => proxy.connections() === 1);
  await aMoment();
  assert.deepEqual([client.text, client.hasEnded, late.text, late.hasEnded], ['welcome', false, '', false]);
  assert.deepEqual([far.text, far.hasEnded, far.error], ['hello', false, undefined]);
  assert.equal(ends.length, 2);
});

test('delayed bytes come late and in order, also when the delay ends meanwhile', deadline, async () => {
  const { client, far } = await converse();
  proxy.fail('delay');
  const sentAt = performance.now();
  client.socket.write(' 1');
  await until(() => far.text !== 'hello');
  assert.ok(performance.now() - sentAt >= delayMs - 2, 'not late');
  assert.equal(far.text, 'hello 1');

  client.socket.write(' 2');
  await new Promise((resolve) => setTimeout(resolve, delayMs / 4));
  proxy.fail('none');
  client.socket.write(' 3');
  client.socket.end(' 4');
  await until(() => far.hasEnded);
  assert.equal(far.text, 'hello 1 2 3 4');
});

for (const direction of directions) {
  const ends = ({ client, far }) => (direction === 'up' ? [client, far] : [far, client]);

  test(`${direction} can be slow, and takes from the sender no faster than it passes on`, deadline, async () => {
    const [from, to] = ends(await converse());
    const before = to.text.length;
    proxy.slowDown(direction, { bytesPerSecond: 1_000_000 });
    const bytes = 20_000_000;
    const sentAt = performance.now();
    from.socket.write('x'.repeat(bytes));
    to.socket.write('quickly');
    await until(() => from.text.endsWith('quickly'));
    assert.ok(to.text.length - before < 1_000_000, 'the other direction waits for nothing');
    await until(() => to.text.length - before >= 500_000);
    assert.ok(performance.now() - sentAt >= 450, 'too fast');
    assert.ok(from.socket.writableLength > 0, 'the sender must be made to wait');

    proxy.slowDown(direction);
    await until(() => to.text.length - before === bytes);
  });

  test(`${direction} can be long, and keeps its order`, deadline, async () => {
    const [from, to] = ends(await converse());
    const before = to.text;
    proxy.slowDown(direction, { delayMs });
    const sentAt = performance.now();
    from.socket.write(' 1');
    await until(() => to.text !== before);
    assert.ok(performance.now() - sentAt >= delayMs - 2, 'not late');
    from.socket.write(' 2');
    await new Promise((resolve) => setTimeout(resolve, delayMs / 4));
    proxy.slowDown(direction);
    from.socket.end(' 3');
    await until(() => to.hasEnded);
    assert.equal(to.text, `${before} 1 2 3`);
  });
}

test('knows only its own directions', () => {
  assert.throws(() => proxy.slowDown('sideways', {}), /There is no direction 'sideways'/);
});

test('knows only its own faults', () => {
  for (const fault of ['gremlins', undefined, 'constructor']) assert.throws(() => proxy.fail(fault), /There is no fault/);
  for (const fault of faults) proxy.fail(fault);
});
