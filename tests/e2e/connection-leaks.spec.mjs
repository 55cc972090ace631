// What a client leaves behind: nothing, however often it came back, and however many there were.
import { eventually, expect, test as base } from './support/network.mjs';
import { installMeters, readMeters } from './support/meters.mjs';
import { Visitor } from './support/visitor.mjs';

/** By how much the memory of the module grows at least if it grows, in bytes. */
const wasmPage = 64 * 1024;
/** By how much the page's own memory may grow, in bytes: compiled code and caches. */
const heapNoise = 100_000;

const test = base.extend({
  /** Opens a page with meters. */
  openMetered: async ({ openPage, site }, use) =>
    use(async () => {
      const page = await openPage();
      await page.addInitScript(installMeters);
      await page.goto(`${site.url}/index.html`);
      return page;
    }),
});

/** Everything that does not depend on how much memory there was to spare. */
const countsOf = ({ memoryBytes, heapBytes, ...counts }) => counts;

async function expectNothingLeft(page, before) {
  const left = async () => {
    const { listeners, timers, sockets, fromModule } = await readMeters(page);
    return { listeners, timers, sockets, fromModule };
  };
  const { listeners } = before;
  await eventually(left, 'what is left').toEqual({ listeners, timers: 0, sockets: 0, fromModule: 0 });
}

test('a client that reconnects a thousand times is the same afterwards', async ({ startScripted, openMetered }) => {
  test.slow();
  const { server, reconnect } = await startUnsteadyServer(startScripted);
  const page = await openMetered();
  const before = await readMeters(page);
  await page.evaluate((url) => {
    visit(url, { subscriptionInterval: 0, reconnectIntervalIncrement: 60_000, maxReconnectInterval: 60_000 });
    for (const name of ['news', 'weather', 'sport']) client.event.subscribe(name, () => {});
    client.on('connectionStateChanged', (state) => {
      told.states.length = 0;
      if (state !== 'RECONNECTING') return;
      client.event.emit('letters', 'written meanwhile', { key: 'the same each time' });
      // Sessions this short make it wait before the next attempt, unless it is told not to.
      queueMicrotask(() => client.resume());
    });
    client.on('error', () => {
      told.errors.length = 0;
      queueMicrotask(() => client.resume());
    });
    return login();
  }, server.url());
  const reconnectAndRead = async (times) => {
    await reconnect(times);
    await new Visitor(page).comesTo('OPEN');
    await eventually(() => page.evaluate(() => client.outbox.size)).toBe(0);
    await eventually(async () => (await readMeters(page)).sockets).toBe(1);
    return readMeters(page);
  };
  const [early, late] = [await reconnectAndRead(100), await reconnectAndRead(1000)];
  expect(await page.evaluate(() => client.connection.wasReconnected)).toBe(true);
  expect(countsOf(late)).toEqual(countsOf(early));
  expect(late.timers, 'the one for the next heartbeat').toBe(1);
  expect(late.memoryBytes - early.memoryBytes, 'growth of the memory, in bytes').toBeLessThanOrEqual(wasmPage);
  expect(late.heapBytes - early.heapBytes, "growth of the page's memory, in bytes").toBeLessThan(heapNoise);

  await page.evaluate(() => {
    client.close();
    delete globalThis.client;
  });
  await expectNothingLeft(page, before);
});

/** A server that ends connections in every way there is, until there were as many as wanted. */
async function startUnsteadyServer(startScripted) {
  let wanted = 0;
  let turn = 0;
  const isEnough = () => server.report().opened > wanted;
  const inTurn = (...ends) => ends[(turn += 1) % ends.length];
  const script = {
    refused: () => (isEnough() ? undefined : inTurn(undefined, undefined, undefined, 503)),
    connected(connection) {
      if (!isEnough() && inTurn(false, false, true)) connection.terminate();
    },
    authenticated(connection) {
      if (isEnough()) return;
      const code = inTurn(undefined, 1012, 4000);
      if (code) connection.close(code);
      else connection.terminate();
    },
  };
  const server = await startScripted({ keepMessages: false, scripts: { deepstream: script } });
  const reconnect = async (times) => {
    wanted = server.report().opened + times;
    for (const connection of server.connections) connection.terminate();
    await expect.poll(isEnough, { message: `${times} reconnects`, intervals: [100], timeout: 120_000 }).toBe(true);
  };
  return { server, reconnect };
}

/** So many servers, since Chromium lets 10 ms pass between two connections to the same one. */
const lanes = 6;

test('ten thousand clients that are closed leave nothing behind', async ({ startScripted, openMetered }) => {
  test.slow();
  const servers = await Promise.all(Array.from({ length: lanes }, () => startScripted({ keepMessages: false })));
  const page = await openMetered();
  const before = await readMeters(page);
  const urls = servers.map((server) => server.url());
  /** What a client keeps until JavaScript's garbage is collected must not pile up, or it hides what is lost. */
  const atOnce = 500;
  const comeAndGo = async (clients) => {
    for (let gone = 0; gone < clients; gone += atOnce) {
      await page.evaluate(useClients, [urls, atOnce]);
      await expectNothingLeft(page, before);
    }
    return readMeters(page);
  };
  const [early, late] = [await comeAndGo(2000), await comeAndGo(8000)];
  expect(countsOf(late)).toEqual(countsOf(early));
  expect(late.memoryBytes - early.memoryBytes, 'growth of the memory, in bytes').toBeLessThanOrEqual(4 * wasmPage);
  expect(late.heapBytes - early.heapBytes, "growth of the page's memory, in bytes").toBeLessThan(heapNoise);
  const opened = servers.reduce((sum, server) => sum + server.report().opened, 0);
  expect(opened, 'clients that were connected').toBeGreaterThan(8000);
});

/** To be run in a page: makes clients, uses and closes them. Some are closed before they have a socket, or before it opens. */
async function useClients([urls, count]) {
  const { DeepstreamClient } = await import('/pkg/index.mjs');
  const useOne = async (url, number) => {
    // Each where no other finds what it leaves in storage, and the most leave nothing there.
    const client = new DeepstreamClient(url, { subscriptionInterval: 0, outbox: { key: `${number}-${Math.random()}` } });
    client.on('connectionStateChanged', () => {});
    client.on('error', () => {}); // of what was never sent
    client.event.subscribe('news', () => {});
    const login = client.login({ name: 'Ada' });
    const rejected = login.catch(() => {});
    if (number % 10 > 1) await login;
    else if (number % 10 > 0) await undefined;
    client.event.emit('news', { number }, { delivery: number % 20 > 0 ? 'memory' : 'durable' });
    client.close();
    await rejected;
  };
  const walk = async (url, lane) => {
    for (let number = lane; number < count; number += urls.length) await useOne(url, number);
  };
  await Promise.all(urls.map(walk));
}

test('a client that is closed ends its worker', async ({ startScripted, openMetered }) => {
  const server = await startScripted();
  const page = await openMetered();
  const before = await readMeters(page);
  const visitor = new Visitor(page);
  await visitor.connect({ url: server.url() }, { heartbeatWorker: 'blob' });
  await visitor.login();
  await eventually(() => page.workers().length).toBe(1);
  await page.evaluate(() => {
    client.close();
    delete globalThis.client;
  });
  await eventually(() => page.workers().length).toBe(0);
  await expectNothingLeft(page, before);
});
