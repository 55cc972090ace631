// The `test` of test.mjs with networks that can fail, and a closer look at what a client tells about its connection.
import { startTcpProxy } from '../../harness/tcp-proxy.mjs';
import { expect, test as base } from './test.mjs';

export { expect };

/** What a client with these options does within a test, it does not because its time had come. */
export const patient = {
  heartbeatInterval: 60_000,
  reconnectIntervalIncrement: 30_000,
  maxReconnectInterval: 30_000,
  reconnectJitter: 0,
};

/** How long the client leaves a server alone that it has just heard, in milliseconds; with something to spare. */
const quietMs = 1_500;

export const test = base.extend({
  /** Puts a network that can fail before a server; see harness/tcp-proxy.mjs. */
  startProxy: async ({}, use) => {
    const started = [];
    await use(async (server, options) => {
      const proxy = await startTcpProxy({ target: server.port, ...options });
      started.push(proxy);
      return proxy;
    });
    await Promise.all(started.map((proxy) => proxy.stop()));
  },

  /** Opens a page whose client is logged in to the server, through a network that can fail. */
  visitThroughProxy: async ({ startProxy, visit }, use) =>
    use(async (server, options, proxyOptions) => {
      const proxy = await startProxy(server, proxyOptions);
      const visitor = await visit(proxy, options);
      await takeNotes(visitor);
      expect(await visitor.login()).toEqual({ data: null });
      return { visitor, proxy };
    }),
});

/** Like `expect.poll`, for what is expected soon. */
export const eventually = (read, message) => expect.poll(read, { message, intervals: [50] });

/** Has the page note everything that its client tells about the connection from now on. */
export function takeNotes({ page }) {
  return page.evaluate(() => {
    const notes = { reasons: [], lost: [], restored: [], resubscribed: [], gaveUp: [] };
    globalThis.notes = notes;
    client.on('error', ({ closeReason }) => closeReason && notes.reasons.push(closeReason));
    client.on('lostConnection', (connection) => notes.lost.push({ at: Date.now(), connection }));
    client.on('restoredConnection', (connection, downtime) => notes.restored.push({ connection, downtime }));
    client.on('resubscribed', (subscriptions) => notes.resubscribed.push(subscriptions));
    client.on('MAX_RECONNECTION_ATTEMPTS_REACHED', (attempts) => notes.gaveUp.push(attempts));
  });
}

/** What the page has noted: see {@link takeNotes}. */
export const notesOf = ({ page }) => page.evaluate(() => notes);

/** `client.connection` at this moment. */
export const connectionOf = ({ page }) => page.evaluate(() => client.connection);

/** Waits until the client has not heard the server for so long that a sign of trouble makes it ask. */
export async function becomesQuiet({ page }) {
  const since = await page.evaluate(() => performance.now());
  await eventually(() => page.evaluate(() => performance.now())).toBeGreaterThan(since + quietMs);
}

/** Has the client wait for its next attempt behind a network that refuses; for {@link patient} clients that is long. */
export async function comesToWait(visitor, proxy) {
  proxy.fail('refuse');
  const wait = async () => ((await connectionOf(visitor)).nextAttemptAt ?? 0) - Date.now();
  await eventually(wait, 'milliseconds until the next attempt').toBeGreaterThan(20_000);
}

/** Lets what was on its way get lost without a word; new connections are fine. */
export function loseSilently(proxy) {
  proxy.fail('blackhole');
  proxy.fail('none');
}

/** Dispatches events in the page as a browser would: `['document:resume', 'focus']`, on the window unless said otherwise. */
export function dispatch({ page }, ...events) {
  return page.evaluate((names) => {
    for (const name of names) {
      const [type, target = 'window'] = name.split(':').reverse();
      const isTransition = type === 'pageshow' || type === 'pagehide';
      globalThis[target].dispatchEvent(isTransition ? new PageTransitionEvent(type, { persisted: true }) : new Event(type));
    }
  }, events);
}
