// Whatever may mean that the page has slept makes its client look whether the link has. It would notice after a minute.
import { becomesQuiet, connectionOf, dispatch, eventually, expect, loseSilently, patient, test } from './support/network.mjs';
import { Visitor } from './support/visitor.mjs';

const signals = ['document:visibilitychange', 'document:resume', 'focus', 'pageshow', 'online'];
const anHour = 3_600_000;
const pings = (server) => server.report().received['CONNECTION/PING'] ?? 0;

async function expectOneReconnect(server, visitor) {
  await eventually(() => server.report().opened, 'connections').toBe(2);
  await visitor.comesTo('OPEN');
  expect(await connectionOf(visitor)).toMatchObject({ wasReconnected: true, reason: { kind: 'heartbeat' } });
  const { states } = await visitor.told();
  expect(states.filter((state) => state === 'ERROR' || state === 'RECONNECTING')).toEqual(['ERROR', 'RECONNECTING']);
}

test('every sign is enough by itself', async ({ startScripted, visitThroughProxy }) => {
  const expectReconnectAfter = async (signal) => {
    const server = await startScripted();
    const { visitor, proxy } = await visitThroughProxy(server, patient);
    await becomesQuiet(visitor);
    loseSilently(proxy);
    await dispatch(visitor, signal);
    await test.step(signal, () => expectOneReconnect(server, visitor));
  };
  await Promise.all(signals.map(expectReconnectAfter));
});

test('several together are one question, and no reconnect where it is answered', async ({ startScripted, visitThroughProxy }) => {
  const server = await startScripted();
  const { visitor } = await visitThroughProxy(server, patient);
  await becomesQuiet(visitor);
  await dispatch(visitor, ...signals, ...signals, ...signals);
  await eventually(async () => (await connectionOf(visitor)).rtt).not.toBeNull();
  expect(pings(server)).toBe(1);
  expect(server.report().opened).toBe(1);
});

test('many in a row are one reconnect where nothing answers', async ({ startScripted, visitThroughProxy }) => {
  const server = await startScripted();
  const { visitor, proxy } = await visitThroughProxy(server, patient);
  await becomesQuiet(visitor);
  loseSilently(proxy);
  const insist = async () => {
    await dispatch(visitor, ...signals);
    return server.report().opened;
  };
  await eventually(insist, 'connections').toBe(2);
  await expectOneReconnect(server, visitor);
  for (let round = 0; round < 5; round += 1) await dispatch(visitor, ...signals);
  await eventually(insist, 'connections').toBe(2);
  expect(proxy.accepted()).toBe(2);
});

/** Somebody whose page has a clock that the test moves. */
const clockTest = test.extend({
  sleeper: async ({ startScripted, startProxy, openPage, site }, use) => {
    const server = await startScripted();
    const proxy = await startProxy(server);
    const page = await openPage();
    await page.clock.install({ time: 0 });
    await page.goto(`${site.url}/index.html`);
    await page.clock.pauseAt(1000);
    const visitor = new Visitor(page);
    await visitor.connect(proxy, patient);
    await visitor.login();
    await use({ server, proxy, page, visitor });
  },
});

clockTest('after an hour of sleep a link that lives is asked once', async ({ sleeper: { server, page, visitor } }) => {
  await page.clock.fastForward(anHour);
  await eventually(async () => (await connectionOf(visitor)).rtt).not.toBeNull();
  await page.clock.runFor(patient.heartbeatInterval / 2);
  expect(await visitor.state()).toBe('OPEN');
  expect(server.report()).toMatchObject({ opened: 1, received: { 'CONNECTION/PING': 1 } });
});

clockTest('after an hour of sleep a link that died is replaced once', async ({ sleeper: { server, proxy, page, visitor } }) => {
  loseSilently(proxy);
  await page.clock.fastForward(anHour);
  await page.clock.runFor(2_500);
  await expectOneReconnect(server, visitor);
  await page.clock.runFor(patient.heartbeatInterval / 2);
  expect(server.report().opened).toBe(2);
});
