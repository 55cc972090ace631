// The server goes away without a word, and comes back.
import { expect, test } from './support/test.mjs';

const numbers = (count) => Array.from({ length: count }, (_, index) => index);

test('clients come back, hear what they subscribed to, and say what they had to say', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream();
  const reader = await visit(server);
  // Between its first attempts, which follow each other closely, and the next there is time for the reader to be back
  // first: servers keep nothing for those who are late.
  const writer = await visit(server, { reconnectIntervalIncrement: 600_000, maxReconnectInterval: 600_000 });
  for (const visitor of [reader, writer]) await visitor.login();
  for (const visitor of [reader, writer]) await visitor.hear('news');
  await reader.isReachedBy(writer);

  for (const round of [1, 2, 3]) {
    await server.kill();
    for (const visitor of [reader, writer]) await visitor.comesTo('RECONNECTING');
    for (const number of numbers(20)) await writer.emit('news', `${round}.${number}`);
    const waitsForLong = () => writer.page.evaluate(() => client.connection.nextAttemptAt - Date.now() > 60_000);
    await expect.poll(waitsForLong).toBe(true);
    await server.start();
    await reader.comesTo('OPEN');
    const bystander = await visit(server);
    await bystander.login();
    await reader.isReachedBy(bystander);
    expect(await writer.state()).toBe('RECONNECTING');

    await writer.page.evaluate(() => client.resume());
    expect(await writer.state()).toBe('OPEN');
    await writer.isReachedBy(bystander);
    await reader.isReachedBy(writer);
    const expected = numbers(20).map((number) => `${round}.${number}`);
    expect(await reader.page.evaluate(() => received.news.splice(0))).toEqual(expected);
    expect(await writer.page.evaluate(() => received.news.splice(0)), 'what it emitted itself').toEqual(expected);

    await reader.emit('news', `answer ${round}`);
    await expect.poll(() => writer.page.evaluate(() => received.news.splice(0))).toEqual([`answer ${round}`]);
    await reader.page.evaluate(() => received.news.splice(0));
  }
  for (const visitor of [reader, writer]) {
    const { errors } = await visitor.told();
    expect(new Set(errors.map(({ event }) => event))).toEqual(new Set(['CONNECTION_ERROR']));
  }
});

test('both come back by themselves', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream();
  const visitors = [await visit(server), await visit(server)];
  for (const visitor of visitors) await visitor.login();
  await server.kill();
  for (const visitor of visitors) await visitor.comesTo('RECONNECTING');
  await server.start();
  for (const visitor of visitors) await visitor.comesTo('OPEN');
  const [ada, grace] = visitors;
  await ada.isReachedBy(grace);
  await grace.isReachedBy(ada);
  const { states } = await ada.told();
  expect(states.slice(states.lastIndexOf('RECONNECTING'))).toEqual([
    'RECONNECTING',
    'AWAITING_CONNECTION',
    'CHALLENGING',
    'AWAITING_AUTHENTICATION',
    'AUTHENTICATING',
    'OPEN',
  ]);
});

test('a server that is stopped properly is waited for too', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream();
  const [ada, grace] = [await visit(server), await visit(server)];
  for (const visitor of [ada, grace]) await visitor.login();
  await server.stop();
  await ada.comesTo('RECONNECTING');
  await server.start();
  for (const visitor of [ada, grace]) await visitor.comesTo('OPEN');
  await ada.isReachedBy(grace);
});

test('a page may come before its server', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream();
  await server.kill();
  const visitor = await visit(server);
  await visitor.comesTo('RECONNECTING');
  const login = visitor.login();
  await server.start();
  expect(await login).toEqual({ data: null });
});

test('pausing and closing are left alone by a server that comes back', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream();
  const [paused, closed, other] = [await visit(server), await visit(server), await visit(server)];
  for (const visitor of [paused, closed, other]) await visitor.login();
  await server.kill();
  for (const visitor of [paused, closed]) await visitor.comesTo('RECONNECTING');
  await paused.page.evaluate(() => client.pause());
  await closed.page.evaluate(() => client.close());
  await server.start();
  await other.comesTo('OPEN');
  expect(await paused.state()).toBe('OFFLINE');
  expect(await closed.state()).toBe('CLOSED');
  await paused.page.evaluate(() => client.resume());
  expect(await paused.state()).toBe('OPEN');
  await paused.isReachedBy(other);
  expect(await closed.state()).toBe('CLOSED');
});
