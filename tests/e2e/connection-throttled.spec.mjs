// A tab that nobody sees, whose timers the browser lets fire once a minute.
import { eventually, expect } from './support/network.mjs';
import { test } from './support/real-tabs.mjs';
import { Visitor } from './support/visitor.mjs';

const aMinute = 60_000;
const heartbeatInterval = 1_000;

/** Throttles timers as browsers do, which wait with it until a page has been hidden for some minutes. */
function throttle(interval) {
  const { setTimeout } = globalThis;
  globalThis.setTimeout = (callback, delay = 0, ...details) =>
    setTimeout(callback, document.visibilityState === 'hidden' ? Math.max(delay, interval) : delay, ...details);
}

const throttledTest = test.extend({
  /** Opens a tab whose client logs in, and then another one before it. */
  hideAway: async ({ openPage, site }, use) =>
    use(async (server, options) => {
      const page = await openPage();
      await page.addInitScript(throttle, aMinute);
      await page.goto(`${site.url}/index.html`);
      const visitor = new Visitor(page);
      await visitor.connect(server, { heartbeatInterval, ...options });
      await visitor.login();
      await openPage();
      await eventually(() => page.evaluate(() => document.visibilityState)).toBe('hidden');
      return visitor;
    }),
});

throttledTest('is there or back as soon as somebody looks', async ({ startDeepstream, hideAway }) => {
  // Cuts whoever was silent for a second, as one with the usual settings does after a minute.
  const server = await startDeepstream({ heartbeatInterval: 500 });
  const visitor = await hideAway(server);
  const reconnects = async () => (await visitor.told()).states.filter((state) => state === 'RECONNECTING').length;
  // Being cut needs no timer to be noticed; only sessions this short make the client wait before the next attempt.
  await eventually(reconnects).toBe(2);
  await visitor.comesTo('RECONNECTING');
  await visitor.page.bringToFront();
  await visitor.comesTo('OPEN');
});

for (const heartbeatWorker of ['blob', '/pkg/timer-worker.js']) {
  throttledTest(`with heartbeatWorker: '${heartbeatWorker}' is never silent`, async ({ startScripted, hideAway }) => {
    const server = await startScripted();
    const visitor = await hideAway({ url: server.url() }, { heartbeatWorker });
    const pings = () => server.report().received['CONNECTION/PING'] ?? 0;
    await visitor.page.evaluate(() => setTimeout(() => (globalThis.isAwake = true)));
    const before = pings();
    await eventually(pings).toBeGreaterThan(before + 3);
    expect(await visitor.page.evaluate(() => globalThis.isAwake), 'whether timers of the page fire').toBeUndefined();
    expect(await visitor.state()).toBe('OPEN');
    expect(server.report().opened).toBe(1);
  });
}

throttledTest('a heartbeatWorker that cannot be loaded is done without', async ({ startScripted, visit }) => {
  const server = await startScripted();
  const visitor = await visit({ url: server.url() }, { heartbeatInterval, heartbeatWorker: '/no-such-worker.js' });
  await visitor.login();
  await eventually(() => server.report().received['CONNECTION/PING'] ?? 0).toBeGreaterThan(1);
});
