// What a client tells about an outage and what it restores after it, and the options that decide how it comes back.
import {
  becomesQuiet,
  connectionOf,
  dispatch,
  eventually,
  expect,
  notesOf,
  patient,
  takeNotes,
  test,
} from './support/network.mjs';
import { Visitor } from './support/visitor.mjs';

test('an outage is told once, and so are its end and what was restored', async ({ startDeepstream, visitThroughProxy }) => {
  const lostConnectionTimeout = 200;
  const { visitor, proxy } = await visitThroughProxy(await startDeepstream(), { lostConnectionTimeout });
  for (const name of ['news', 'weather']) await visitor.hear(name);
  const lostAt = Date.now();
  proxy.fail('refuse');
  await eventually(async () => (await notesOf(visitor)).lost).toHaveLength(1);
  const { lost } = await notesOf(visitor);
  // Less by what two clocks may differ.
  expect(lost[0].at - lostAt, 'milliseconds until it was told').toBeGreaterThan(lostConnectionTimeout - 10);
  expect(lost[0].connection).toMatchObject({ state: 'RECONNECTING', reason: { kind: 'network', willRetry: true }, openedAt: null });
  await eventually(async () => (await connectionOf(visitor)).attempt).toBeGreaterThan(lost[0].connection.attempt);
  expect((await notesOf(visitor)).restored).toEqual([]);

  proxy.fail('none');
  await eventually(async () => (await notesOf(visitor)).resubscribed).toHaveLength(1);
  const { restored, resubscribed, ...notes } = await notesOf(visitor);
  const lasted = Date.now() - lostAt;
  expect(notes.lost).toHaveLength(1);
  const connection = expect.objectContaining({ state: 'OPEN', attempt: 0, wasReconnected: true });
  expect(restored).toEqual([{ connection, downtime: expect.any(Number) }]);
  expect(resubscribed).toEqual([{ topic: 'EVENT', names: ['news', 'weather'], gap: restored[0].downtime }]);
  expect(restored[0].downtime).toBeGreaterThanOrEqual(lostConnectionTimeout);
  expect(restored[0].downtime).toBeLessThanOrEqual(lasted);
});

test('a blip is restored without a word about an outage', async ({ startDeepstream, visitThroughProxy }) => {
  const { visitor, proxy } = await visitThroughProxy(await startDeepstream());
  await visitor.hear('news');
  for (const round of [1, 2]) {
    proxy.fail('reset');
    proxy.fail('none');
    await eventually(async () => (await notesOf(visitor)).resubscribed).toHaveLength(round);
  }
  expect(await notesOf(visitor)).toMatchObject({ lost: [], restored: [], resubscribed: [{ names: ['news'] }, { names: ['news'] }] });
});

test("with resubscribe: 'manual', the application decides when", async ({ startDeepstream, visit, visitThroughProxy }) => {
  const server = await startDeepstream();
  const bystander = await visit(server);
  await bystander.login();
  const { visitor, proxy } = await visitThroughProxy(server, { resubscribe: 'manual' });
  await visitor.hear('news');
  await visitor.isReachedBy(bystander);
  proxy.fail('reset');
  proxy.fail('none');
  await eventually(() => proxy.accepted()).toBe(2);
  await visitor.comesTo('OPEN');

  await bystander.emit('news', 'missed');
  // What is subscribed to after the reconnect is heard, and would have come after what was missed.
  await visitor.isReachedBy(bystander);
  expect(await visitor.heard('news')).toEqual([]);
  expect((await notesOf(visitor)).resubscribed).toEqual([]);

  await visitor.page.evaluate(() => client.resubscribe());
  await eventually(async () => (await notesOf(visitor)).resubscribed).toHaveLength(1);
  expect((await notesOf(visitor)).resubscribed[0].names).toContain('news');
  await bystander.emit('news', 'heard');
  await eventually(() => visitor.heard('news')).toEqual(['heard']);
});

const stopTest = test.extend({
  /** Opens a page with a client that is logged in to a server, and gives what closes its connection with a code. */
  admit: async ({ startScripted, visit }, use) =>
    use(async (options) => {
      const server = await startScripted();
      const visitor = await visit({ url: server.url() }, options);
      await takeNotes(visitor);
      await visitor.login();
      return { server, visitor, close: (code) => server.connections[0].close(code, 'as the test wants it') };
    }),
});

for (const [code, options] of [[1008], [4003], [4123, { stopCodes: [4123] }]]) {
  stopTest(`a close with ${code} ends it until resume()`, async ({ admit }) => {
    const { server, visitor, close } = await admit(options);
    close(code);
    await visitor.comesTo('ERROR');
    const reason = { kind: 'stopped', code, willRetry: false };
    expect(await connectionOf(visitor)).toMatchObject({ reason, nextAttemptAt: null });
    expect((await notesOf(visitor)).reasons).toEqual([expect.objectContaining(reason)]);
    await dispatch(visitor, 'offline', 'online', 'focus', 'document:visibilitychange');
    await becomesQuiet(visitor);
    expect(server.report().opened).toBe(1);
    await visitor.page.evaluate(() => client.resume());
    expect(await visitor.state()).toBe('OPEN');
  });
}

for (const [code, options] of [[4124], [1008, { stopCodes: [] }], [4003, { stopCodes: [4123] }]]) {
  stopTest(`a close with ${code} does not where ${JSON.stringify(options ?? {})} is asked for`, async ({ admit }) => {
    const { server, visitor, close } = await admit(options);
    close(code);
    await eventually(() => server.report().opened).toBe(2);
    await visitor.comesTo('OPEN');
    expect((await connectionOf(visitor)).reason).toEqual({ kind: 'network', code, willRetry: true });
    expect((await notesOf(visitor)).reasons, 'the first attempt has brought it back').toEqual([]);
  });
}

test('with reconnectParam, the server sees how often it was tried', async ({ startScripted, visit }) => {
  const dialled = [];
  let status;
  const refused = ({ url }) => dialled.push(url) && status;
  const server = await startScripted({ scripts: { deepstream: { refused } } });
  const visitor = await visit({ url: server.url() }, { reconnectParam: 'tries' });
  await visitor.login();
  status = 503;
  server.connections[0].terminate();
  await eventually(() => dialled.length).toBeGreaterThan(3);
  status = undefined;
  await visitor.comesTo('OPEN');
  const tries = dialled.slice(1).map((_, index) => `/deepstream?tries=${index + 1}`);
  expect(dialled).toEqual(['/deepstream', ...tries]);
});

test('with probeUrl, nobody dials while nothing answers', async ({ startScripted, startProxy, startSite, openPage, site }) => {
  const server = await startScripted();
  const proxy = await startProxy(server);
  const probes = [];
  let isReachable = false;
  // Another origin than the page's, which says nothing about who may read its answers.
  const elsewhere = await startSite({
    handle({ method, url }, response) {
      probes.push(`${method} ${url}`);
      if (isReachable) response.writeHead(204).end();
      else response.destroy();
      return true;
    },
  });
  const visitor = new Visitor(await openPage(`${site.url}/index.html`));
  await visitor.connect(proxy, { probeUrl: `${elsewhere.url}/health-check` });
  await visitor.login();
  expect(probes, 'probes before the first attempt').toEqual([]);

  proxy.fail('refuse');
  await eventually(() => probes.length).toBeGreaterThan(3);
  expect(new Set(probes)).toEqual(new Set(['HEAD /health-check']));
  expect(proxy.accepted(), 'the first connection, and the attempt that raised the suspicion').toBe(2);
  proxy.fail('none');
  const before = probes.length;
  await eventually(() => probes.length).toBeGreaterThan(before + 1);
  expect(proxy.accepted()).toBe(2);

  isReachable = true;
  await visitor.comesTo('OPEN');
  expect(proxy.accepted()).toBe(3);
  const { errors } = await visitor.told();
  expect(new Set(errors.map(({ event }) => event))).toEqual(new Set(['CONNECTION_ERROR']));
});

test('a probe that nobody answers is given up, and a network that returns waits for none', async ({ startScripted, startProxy, startSite, visit }) => {
  const proxy = await startProxy(await startScripted());
  let probes = 0;
  const elsewhere = await startSite({ handle: () => Boolean((probes += 1)) });
  const visitor = await visit(proxy, { ...patient, probeUrl: elsewhere.url, reconnectIntervalIncrement: 100 });
  await visitor.login();
  proxy.fail('refuse');
  await eventually(() => probes, 'probes, the one before given up').toBe(2);
  proxy.fail('none');
  await dispatch(visitor, 'online');
  await visitor.comesTo('OPEN');
});
