// What a client costs a page that does nothing. The page's clock stands still unless the test moves it.
import { expect, test } from './support/test.mjs';
import { Visitor } from './support/visitor.mjs';

const heartbeatInterval = 30_000;
const anHour = 3_600_000;

/** Counts in the page how often timers woke it, how many are set, and how many messages came. */
function count() {
  const counts = { woken: 0, set: new Set(), messages: 0 };
  const { setTimeout, clearTimeout, WebSocket } = globalThis;
  globalThis.counts = counts;
  globalThis.setTimeout = (callback, delay, ...details) => {
    const timer = setTimeout(() => {
      counts.set.delete(timer);
      counts.woken += 1;
      callback(...details);
    }, delay);
    counts.set.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => {
    counts.set.delete(timer);
    clearTimeout(timer);
  };
  for (const name of ['setInterval', 'requestAnimationFrame', 'requestIdleCallback']) {
    globalThis[name] = () => {
      throw new Error(`${name} wakes a page again and again`);
    };
  }
  globalThis.WebSocket = class extends WebSocket {
    constructor(url) {
      super(url);
      this.addEventListener('message', () => (counts.messages += 1));
    }
  };
}

/** A page whose client is logged in and has nothing to do. */
const idleTest = test.extend({
  idle: async ({ startScripted, openPage, site }, use) => {
    const server = await startScripted();
    const page = await openPage();
    await page.clock.install({ time: 0 });
    await page.addInitScript(count);
    await page.goto(`${site.url}/index.html`);
    await page.clock.pauseAt(1000);
    const visitor = new Visitor(page);
    await visitor.connect({ url: server.url('deepstream') }, { heartbeatInterval });
    await visitor.login();
    const counts = () => page.evaluate(() => ({ woken: counts.woken, set: counts.set.size, messages: counts.messages }));
    await use({ visitor, page, server, counts });
  },
});

idleTest('an idle client wakes its page once per heartbeat', async ({ idle: { page, server, counts } }) => {
  const before = await counts();
  const heartbeats = 10;
  for (let heartbeat = 1; heartbeat <= heartbeats; heartbeat += 1) {
    await page.clock.runFor(heartbeatInterval);
    await expect.poll(async () => (await counts()).messages - before.messages, 'PONGs').toBe(heartbeat);
  }
  expect(server.report().received['CONNECTION/PING']).toBe(heartbeats);
  expect((await counts()).woken - before.woken).toBeLessThanOrEqual(heartbeats);
});

for (const call of ['close', 'pause']) {
  idleTest(`after ${call}() no timer is left`, async ({ idle: { page, counts } }) => {
    expect((await counts()).set).toBe(1);
    await page.evaluate((name) => client[name](), call);
    const { woken, set } = await counts();
    expect(set).toBe(0);
    await page.clock.runFor(anHour);
    expect(await counts()).toMatchObject({ woken, set: 0 });
  });
}
