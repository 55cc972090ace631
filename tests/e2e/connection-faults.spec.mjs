// What the network can do to a client of a real server, and what the client says about it.
import { connectionOf, eventually, expect, notesOf, test } from './support/network.mjs';

const network = { kind: 'network', code: 1006, willRetry: true };

/** Checks that the client hears what it subscribed to before, and that what it said meanwhile arrives, all of it once. */
async function expectContinuity(visitor, bystander, letters = ['written meanwhile']) {
  await visitor.isReachedBy(bystander);
  await bystander.emit('news', 'are you back?');
  await eventually(() => visitor.heard('news')).toContainEqual('are you back?');
  await bystander.isReachedBy(visitor);
  expect(await bystander.heard('letters')).toEqual(letters);
}

const faultTest = test.extend({
  /** Somebody behind a network that can fail who has subscribed, and somebody behind one that cannot. */
  meet: async ({ startDeepstream, visit, visitThroughProxy }, use) =>
    use(async (options, proxyOptions) => {
      const server = await startDeepstream();
      const [bystander, { visitor, proxy }] = await Promise.all([visit(server), visitThroughProxy(server, options, proxyOptions)]);
      await bystander.login();
      await bystander.hear('letters');
      await visitor.hear('news');
      await visitor.isReachedBy(bystander);
      return { server, bystander, visitor, proxy };
    }),
});

for (const fault of ['refuse', 'reset']) {
  faultTest(`a network that answers with "${fault}" is tried until it does not`, async ({ meet }) => {
    const { bystander, visitor, proxy } = await meet();
    const before = await connectionOf(visitor);
    expect(before).toMatchObject({ state: 'OPEN', reason: null, attempt: 0, nextAttemptAt: null, wasReconnected: false, url: proxy.url });
    expect(Math.abs(before.openedAt - Date.now()), 'milliseconds since it opened').toBeLessThan(60_000);

    proxy.fail(fault);
    await eventually(async () => (await connectionOf(visitor)).attempt).toBeGreaterThan(2);
    expect(await connectionOf(visitor)).toMatchObject({ state: 'RECONNECTING', reason: network, openedAt: null, rtt: null });
    await eventually(async () => (await connectionOf(visitor)).nextAttemptAt).not.toBeNull();
    await visitor.emit('letters', 'written meanwhile');

    proxy.fail('none');
    await visitor.comesTo('OPEN');
    const after = await connectionOf(visitor);
    expect(after).toMatchObject({ attempt: 0, nextAttemptAt: null, reason: network, wasReconnected: true });
    expect(after.reconnectTries).toBeGreaterThan(2);
    expect(after.openedAt).toBeGreaterThan(before.openedAt);
    expect(await visitor.page.evaluate(() => [client.wasReconnected(), client.reconnectTries])).toEqual([true, after.reconnectTries]);
    await expectContinuity(visitor, bystander);

    const { errors } = await visitor.told();
    expect(new Set(errors.map(({ event, topic }) => `${topic} ${event}`))).toEqual(new Set(['CONNECTION CONNECTION_ERROR']));
    expect(new Set((await notesOf(visitor)).reasons.map(({ kind }) => kind))).toEqual(new Set(['network']));
  });
}

faultTest('whoever listens to connectionChanged knows each attempt, when the next is due, and the round trip', async ({ meet }) => {
  const { visitor, proxy } = await meet({ heartbeatInterval: 500 });
  await visitor.page.evaluate(() => {
    globalThis.seen = [];
    client.on('connectionChanged', (connection) => seen.push([connection === client.connection, connection]));
  });
  const seen = () => visitor.page.evaluate(() => seen.map(([, connection]) => connection));
  await eventually(async () => (await seen()).some(({ rtt }) => rtt !== null)).toBe(true);
  proxy.fail('refuse');
  await eventually(async () => Math.max(...(await seen()).map(({ attempt }) => attempt))).toBeGreaterThan(3);
  proxy.fail('none');
  await eventually(async () => (await seen()).at(-1)).toMatchObject({ state: 'OPEN', attempt: 0, wasReconnected: true });
  const all = await seen();
  for (const attempt of [2, 3]) {
    const waits = all.filter((connection) => connection.attempt === attempt && connection.nextAttemptAt !== null);
    expect(waits.length, `waits before the attempt after ${attempt}`).toBe(1);
  }
  expect(all.filter((connection, index) => JSON.stringify(connection) === JSON.stringify(all[index - 1]))).toEqual([]);
  expect(await visitor.page.evaluate(() => seen.every(([isSame]) => isSame))).toBe(true);
});

faultTest('a link that falls silent is left by heartbeat, for a new one in the same moment', async ({ meet }) => {
  const { bystander, visitor, proxy } = await meet({ heartbeatInterval: 1_500, connectTimeout: 5_000 });
  const { states } = await visitor.told();
  proxy.fail('blackhole');
  await visitor.emit('letters', 'swallowed');
  await eventually(() => proxy.accepted()).toBe(2);
  expect(proxy.connections(), 'connections, the silent one included').toBe(2);
  expect((await visitor.told()).states.slice(states.length)).toEqual(['ERROR', 'RECONNECTING']);
  expect(await connectionOf(visitor)).toMatchObject({ state: 'RECONNECTING', reason: { kind: 'heartbeat', willRetry: true } });
  await visitor.emit('letters', 'written meanwhile');

  proxy.fail('none');
  await visitor.comesTo('OPEN');
  await expectContinuity(visitor, bystander, ['swallowed', 'written meanwhile']);
  expect((await visitor.told()).errors[0]).toMatchObject({ event: 'HEARTBEAT_TIMEOUT', topic: 'CONNECTION' });
  // The attempt that was under way during the silence is as dead as the link before.
  expect((await notesOf(visitor)).reasons.map(({ kind }) => kind)).toEqual(['heartbeat', 'timeout']);
});

faultTest("with heartbeatFailure 'stop', the application decides", async ({ meet }) => {
  const { visitor, proxy } = await meet({ heartbeatInterval: 1_500, heartbeatFailure: 'stop' });
  proxy.fail('blackhole');
  await visitor.comesTo('ERROR');
  expect(await connectionOf(visitor)).toMatchObject({ reason: { kind: 'heartbeat', willRetry: false }, nextAttemptAt: null });
  proxy.fail('none');
  await visitor.page.evaluate(() => dispatchEvent(new Event('online')));
  expect(proxy.accepted()).toBe(1);
  await visitor.page.evaluate(() => client.resume());
  expect(await visitor.state()).toBe('OPEN');
  expect(proxy.accepted()).toBe(2);
});

faultTest('a slow link is kept, and its slowness can be read', async ({ meet }) => {
  const delayMs = 200;
  const { visitor, proxy } = await meet({ heartbeatInterval: 2_000 }, { delayMs });
  proxy.fail('delay');
  // Less than twice the delay by what timers are inexact.
  await eventually(async () => (await connectionOf(visitor)).rtt).toBeGreaterThan(2 * delayMs - 10);
  expect((await connectionOf(visitor)).state).toBe('OPEN');
  expect(proxy.accepted()).toBe(1);
  expect((await visitor.told()).errors).toEqual([]);
});

faultTest('an attempt has as long as connectTimeout, whatever it waits for', async ({ meet }) => {
  const { visitor, proxy } = await meet({ connectTimeout: 700 }, { delayMs: 500 });
  proxy.fail('reset');
  await visitor.comesTo('RECONNECTING');
  proxy.fail('delay');
  const kinds = async () => (await notesOf(visitor)).reasons.map(({ kind }) => kind);
  await eventually(async () => (await kinds()).filter((kind) => kind === 'timeout').length).toBeGreaterThan(1);
  proxy.fail('none');
  await visitor.comesTo('OPEN');
});

faultTest('after maxReconnectAttempts it is over, until resume()', async ({ meet }) => {
  const { visitor, proxy } = await meet({ maxReconnectAttempts: 3 });
  proxy.fail('reset');
  await visitor.comesTo('ERROR');
  const { gaveUp, reasons } = await notesOf(visitor);
  expect(gaveUp).toEqual([3]);
  expect(reasons.map(({ willRetry }) => willRetry)).toEqual([true, true, false]);
  expect(await connectionOf(visitor)).toMatchObject({ reason: { ...network, willRetry: false }, nextAttemptAt: null });
  expect(await visitor.login()).toMatchObject({ error: { code: 'MAX_RECONNECTION_ATTEMPTS_REACHED' } });
  const accepted = proxy.accepted();
  proxy.fail('none');
  await visitor.page.evaluate(() => client.resume());
  expect(await visitor.state()).toBe('OPEN');
  expect(proxy.accepted()).toBe(accepted + 1);
});
