// Links that are slow or long, and alive, between a browser and a real server.
import { connectionOf, dispatch, eventually, expect, test as base } from './support/network.mjs';

const test = base.extend({
  /** Somebody behind a link that can be slow, and somebody at once at the server. */
  meet: async ({ startDeepstream, visit, visitThroughProxy }, use) =>
    use(async (options) => {
      const server = await startDeepstream();
      const [bystander, { visitor, proxy }] = await Promise.all([visit(server), visitThroughProxy(server, options)]);
      await bystander.login();
      return { bystander, visitor, proxy };
    }),
});

/** What the client has told of its connection since it was opened through the proxy. */
const heartbeatErrors = async (visitor) => (await visitor.told()).errors.filter(({ event }) => event === 'HEARTBEAT_TIMEOUT');

test('a backlog leaves over a slow uplink in one session, each event once', async ({ meet }) => {
  const count = 150;
  // As with 64 kB/s, 200 events of 10 kB and the default of 30 s: the backlog takes longer than two answers may.
  const { bystander, visitor, proxy } = await meet({ heartbeatInterval: 1000 });
  await bystander.hear('e');
  await visitor.isReachedBy(bystander);
  await bystander.isReachedBy(visitor);
  proxy.fail('reset');
  await visitor.comesTo('RECONNECTING');
  await visitor.page.evaluate((events) => {
    for (let number = 0; number < events; number += 1) client.event.emit('e', `${number} ${'x'.repeat(10_000)}`);
  }, count);
  proxy.slowDown('up', { bytesPerSecond: 200_000 });
  proxy.fail('none');
  await visitor.comesTo('OPEN');
  const accepted = proxy.accepted();
  await expect.poll(() => visitor.page.evaluate(() => client.outbox.size), { timeout: 30_000 }).toBe(0);
  expect(proxy.accepted()).toBe(accepted);
  expect(await heartbeatErrors(visitor)).toEqual([]);
  const heard = (await bystander.heard('e')).map((data) => Number(data.split(' ')[0]));
  expect(heard).toEqual(Array.from({ length: count }, (_, number) => number));
});

test('a long record arrives over a slow downlink in one session', async ({ meet }) => {
  const { bystander, visitor, proxy } = await meet({ heartbeatInterval: 1000 });
  await bystander.page.evaluate(() => client.record.setDataWithAck('long', { text: 'x'.repeat(900_000) }));
  proxy.slowDown('down', { bytesPerSecond: 150_000 });
  const length = await visitor.page.evaluate(async () => {
    const record = client.record.getRecord('long');
    await record.whenReady();
    return record.get('text').length;
  });
  expect(length).toBe(900_000);
  expect(await heartbeatErrors(visitor)).toEqual([]);
  expect(proxy.accepted()).toBe(1);
});

test('a long way to the server outlives every sign of the page', async ({ meet }) => {
  const { visitor, proxy } = await meet({ heartbeatInterval: 2000 });
  for (const direction of ['up', 'down']) proxy.slowDown(direction, { delayMs: 1300 });
  await eventually(async () => (await connectionOf(visitor)).rtt, 'milliseconds').toBeGreaterThan(2500);
  const since = await visitor.page.evaluate(() => performance.now());
  await expect
    .poll(async () => {
      await dispatch(visitor, 'focus', 'online');
      return visitor.page.evaluate(() => performance.now());
    }, { intervals: [1500], timeout: 20_000 })
    .toBeGreaterThan(since + 9_000);
  expect(await visitor.state()).toBe('OPEN');
  expect(await heartbeatErrors(visitor)).toEqual([]);
  expect(proxy.accepted()).toBe(1);

  proxy.fail('reset');
  await visitor.comesTo('RECONNECTING');
  proxy.fail('none');
  await expect
    .poll(async () => {
      await dispatch(visitor, 'online');
      return visitor.state();
    }, { intervals: [2500], timeout: 30_000 })
    .toBe('OPEN');
});
