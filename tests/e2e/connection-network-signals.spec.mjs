// What the browser says about the network is a hint: the network has the last word.
import { becomesQuiet, comesToWait, connectionOf, dispatch, eventually, expect, loseSilently, notesOf, patient, test } from './support/network.mjs';

const pings = (server) => server.report().received['CONNECTION/PING'] ?? 0;

/** Has the browser say that there is no network, or that there is one, while there is one all along. */
async function claimOffline({ page }, offline) {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  const unlimited = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
  await session.send('Network.overrideNetworkState', { offline, ...unlimited });
  await eventually(() => page.evaluate(() => navigator.onLine)).toBe(!offline);
}

test('a socket that answers is kept, whatever the browser says', async ({ startScripted, visitThroughProxy }) => {
  const server = await startScripted();
  const { visitor } = await visitThroughProxy(server, patient);
  const { states } = await visitor.told();
  for (const [offline, asked] of [
    [true, 1],
    [false, 2],
  ]) {
    await becomesQuiet(visitor);
    await claimOffline(visitor, offline);
    await eventually(() => pings(server)).toBe(asked);
    await eventually(async () => (await connectionOf(visitor)).rtt).not.toBeNull();
  }
  await becomesQuiet(visitor);
  expect(pings(server)).toBe(2);
  expect(server.report().opened).toBe(1);
  expect((await visitor.told()).states).toEqual(states);
});

test('a browser that says "offline" keeps nobody from trying', async ({ startScripted, visitThroughProxy }) => {
  const server = await startScripted();
  const { visitor, proxy } = await visitThroughProxy(server, { heartbeatInterval: 60_000 });
  await claimOffline(visitor, true);
  proxy.fail('reset');
  await visitor.comesTo('RECONNECTING');
  proxy.fail('none');
  await visitor.comesTo('OPEN');
  expect(await visitor.page.evaluate(() => navigator.onLine)).toBe(false);
});

test('a browser without a network is left waiting, and comes back as soon as there is one', async ({ startScripted, visitThroughProxy }) => {
  const server = await startScripted();
  const { visitor } = await visitThroughProxy(server, patient);
  await becomesQuiet(visitor);
  await visitor.page.context().setOffline(true);
  await visitor.comesTo('RECONNECTING');
  expect((await notesOf(visitor)).reasons[0]).toMatchObject({ kind: 'heartbeat', willRetry: true });
  const wait = async () => (await connectionOf(visitor)).nextAttemptAt - Date.now();
  await eventually(wait, 'milliseconds until the next attempt').toBeGreaterThan(20_000);
  expect(server.report().opened).toBe(1);

  await visitor.page.context().setOffline(false);
  await visitor.comesTo('OPEN');
  expect(server.report().opened).toBe(2);
  expect(await connectionOf(visitor)).toMatchObject({ wasReconnected: true });
});

test('a network that needs a moment more gets four attempts, and then the schedule anew', async ({ startScripted, visitThroughProxy }) => {
  const server = await startScripted();
  const { visitor, proxy } = await visitThroughProxy(server, patient);
  await comesToWait(visitor, proxy);
  const before = proxy.accepted();
  await dispatch(visitor, 'online');
  await eventually(() => proxy.accepted() - before, 'attempts').toBe(4);
  await comesToWait(visitor, proxy);
  expect(proxy.accepted() - before).toBe(4);
  expect((await connectionOf(visitor)).attempt).toBe(5);

  await dispatch(visitor, 'online');
  await eventually(() => proxy.accepted() - before, 'attempts').toBe(6);
  proxy.fail('none');
  await visitor.comesTo('OPEN');
});

/** Has the browser say that there is a network of another kind, as it does on phones; or only another estimate. */
function changeNetwork({ page }, type) {
  return page.evaluate((kind) => {
    Object.defineProperty(navigator.connection, 'type', { value: kind, configurable: true });
    navigator.connection.dispatchEvent(new Event('change'));
  }, type);
}

test('another estimate of the same network changes nothing', async ({ startScripted, visitThroughProxy }) => {
  const server = await startScripted();
  const { visitor, proxy } = await visitThroughProxy(server, patient);
  await changeNetwork(visitor, 'wifi');
  await comesToWait(visitor, proxy);
  const before = proxy.accepted();
  for (let times = 0; times < 5; times += 1) await changeNetwork(visitor, 'wifi');
  expect((await connectionOf(visitor)).state).toBe('RECONNECTING');
  proxy.fail('none');
  await changeNetwork(visitor, 'cellular');
  await visitor.comesTo('OPEN');
  expect(proxy.accepted()).toBe(before + 1);
});

test('another network is tried at once', async ({ startScripted, visitThroughProxy }) => {
  const server = await startScripted();
  const { visitor, proxy } = await visitThroughProxy(server, patient);
  await becomesQuiet(visitor);
  loseSilently(proxy);
  await changeNetwork(visitor, 'cellular');
  await eventually(() => server.report().opened).toBe(2);
  await visitor.comesTo('OPEN');

  await comesToWait(visitor, proxy);
  proxy.fail('none');
  await changeNetwork(visitor, 'ethernet');
  await visitor.comesTo('OPEN');
});

test('an attempt that began without a network is replaced when there is one', async ({ startScripted, visitThroughProxy }) => {
  const server = await startScripted();
  const { visitor, proxy } = await visitThroughProxy(server, { ...patient, connectTimeout: 60_000 });
  await comesToWait(visitor, proxy);
  proxy.fail('blackhole');
  const before = proxy.accepted();
  await dispatch(visitor, 'focus');
  await eventually(() => proxy.accepted()).toBe(before + 1);
  await becomesQuiet(visitor);
  proxy.fail('none');
  await dispatch(visitor, 'online');
  await visitor.comesTo('OPEN');
  expect(proxy.accepted()).toBe(before + 2);
});

for (const call of ['pause', 'close']) {
  test(`no sign of the page undoes ${call}()`, async ({ startScripted, visitThroughProxy }) => {
    const server = await startScripted();
    const { visitor, proxy } = await visitThroughProxy(server);
    await visitor.page.evaluate((name) => client[name](), call);
    const state = await visitor.state();
    await dispatch(visitor, 'offline', 'online', 'pagehide', 'pageshow', 'focus', 'document:visibilitychange', 'document:resume');
    await becomesQuiet(visitor);
    expect(await visitor.state()).toBe(state);
    expect(proxy.accepted()).toBe(1);
  });
}
