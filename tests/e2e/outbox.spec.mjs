// What a page was given while it had no connection outlives the page, and is sent once, in order.
import { crash, expect, logsInLater, sendsEverything, storedBy, test, writes } from './support/outbox.mjs';

test('what a killed page was given, the next one sends', async ({ startStory, startBrowser }) => {
  const { network, newsFrom, down, up } = await startStory();
  const browser = await startBrowser();
  await down();
  const killed = await browser.open(network);
  await logsInLater(killed);
  const news = await writes(killed, 200);
  await crash(killed);

  const next = await browser.open(network);
  expect(await storedBy(next)).toHaveLength(200);
  await logsInLater(next);
  await up();
  expect(await newsFrom(next)).toEqual(news);
  expect(await storedBy(next)).toHaveLength(0);
});

test('what was sent when the page was killed, but not confirmed, is heard once', async ({ startStory, startBrowser }) => {
  const { network, newsFrom } = await startStory();
  const browser = await startBrowser();
  const killed = await browser.open(network);
  await killed.login();
  const news = await writes(killed, 200);
  await crash(killed);
  const next = await browser.open(network);
  await logsInLater(next);
  expect(await newsFrom(next)).toEqual(news);
  expect(await storedBy(next)).toHaveLength(0);
});

test('what two killed tabs were given, a third one sends, each in order', async ({ startStory, startBrowser }) => {
  const { network, newsFrom, down, up } = await startStory();
  const browser = await startBrowser();
  await down();
  const tabs = { ada: await browser.open(network), grace: await browser.open(network) };
  const written = {};
  for (const [name, tab] of Object.entries(tabs)) {
    await logsInLater(tab);
    written[name] = await writes(tab, 100, name);
  }
  for (const tab of Object.values(tabs)) await crash(tab);

  const next = await browser.open(network);
  await logsInLater(next);
  await up();
  const heard = await newsFrom(next);
  expect(heard).toHaveLength(200);
  for (const [name, news] of Object.entries(written)) {
    expect(heard.filter((one) => one.startsWith(name))).toEqual(news);
  }
});

test('what a killed tab was given, another one that is open sends', async ({ startStory, startBrowser }) => {
  const { network, newsFrom, down, up } = await startStory();
  const browser = await startBrowser();
  const survivor = await browser.open(network);
  await survivor.login();
  await down();
  const killed = await browser.open(network);
  await logsInLater(killed);
  const news = await writes(killed, 200, 'killed');
  await up();
  // As long as it lives it sends its own.
  await sendsEverything(survivor);
  expect(await newsFrom(killed)).toEqual(news);

  await down();
  const more = await writes(killed, 100, 'killed again');
  await crash(killed);
  await up();
  await survivor.comesTo('OPEN');
  await expect.poll(() => storedBy(survivor), 'what is left in storage').toEqual([]);
  expect(await newsFrom(survivor)).toEqual(more);
});

test('another user sends nothing of it, and leaves it for who wrote it', async ({ startStory, startBrowser }) => {
  const password = 'secret';
  const users = Object.fromEntries(['ada', 'bob', 'reader'].map((name) => [name, { password, clientData: { id: name } }]));
  const as = (username) => ({ username, password });
  const { network, newsFrom, down, up } = await startStory({ users, params: as('reader') });
  const browser = await startBrowser();
  await down();
  const ada = await browser.open(network);
  await logsInLater(ada, as('ada'));
  const news = await writes(ada, 200);
  await crash(ada);

  const bob = await browser.open(network);
  await logsInLater(bob, as('bob'));
  await up();
  expect(await newsFrom(bob)).toEqual([]);
  expect(await storedBy(bob)).toHaveLength(200);
  await bob.page.close();

  const back = await browser.open(network);
  await back.login(as('ada'));
  expect(await newsFrom(back)).toEqual(news);
});

test('a logout in one tab clears what another one was given', async ({ startStory, startBrowser }) => {
  const { network, newsFrom, down, up } = await startStory();
  const browser = await startBrowser();
  const tabs = [await browser.open(network), await browser.open(network)];
  for (const tab of tabs) await tab.login();
  const [writer, leaver] = tabs;
  await down();
  await writer.page.evaluate(() => {
    globalThis.dropped = [];
    client.outbox.on('dropped', (entries, reason) => dropped.push(...entries.map(({ data }) => `${reason}: ${data}`)));
  });
  const news = await writes(writer, 20);
  await expect.poll(() => storedBy(leaver).then((keys) => keys.length)).toBe(20);
  await leaver.page.evaluate(() => {
    client.outbox.clear();
    client.close();
  });
  await expect.poll(() => writer.page.evaluate(() => client.outbox.size)).toBe(0);
  expect((await writer.page.evaluate(() => dropped)).sort()).toEqual(news.map((one) => `cleared: ${one}`).sort());
  expect(await storedBy(writer)).toEqual([]);
  await up();
  expect(await newsFrom(writer)).toEqual([]);
});

test('twenty thousand events of one task arrive in order, and none is refused', async ({ startStory, startBrowser }) => {
  const { network, newsFrom } = await startStory();
  const writer = await (await startBrowser()).open(network);
  await writer.login();
  const news = await writes(writer, 20_000);
  expect(await newsFrom(writer)).toEqual(news);
  expect(await storedBy(writer)).toHaveLength(0);
});

test('what is too big for the server is given up, and the rest arrives', async ({ startStory, startBrowser }) => {
  const { network, newsFrom, down, up } = await startStory({ maxMessageSize: 10_000 });
  const browser = await startBrowser();
  await down();
  const writer = await browser.open(network);
  await logsInLater(writer);
  const before = await writes(writer, 5, 'before');
  await writer.page.evaluate(() => {
    globalThis.outcome = client.event
      .emit('news', 'x'.repeat(20_000), { receipt: true })
      .catch(({ code, outcome }) => ({ code, outcome }));
  });
  const after = await writes(writer, 5, 'after');
  await up();
  expect(await writer.page.evaluate(() => outcome)).toEqual({ code: 'OUTBOX_UNDELIVERABLE', outcome: 'dropped' });
  expect(await newsFrom(writer)).toEqual([...before, ...after]);
  expect(await writer.page.evaluate(() => client.connection.reason.code)).toBe(1009);
});

test('whatever is too big for the server is told so, and the rest arrives', async ({
  startDeepstream,
  startProxy,
  visit,
}) => {
  const server = await startDeepstream({ maxMessageSize: 10_000 });
  const network = await startProxy(server);
  const [writer, helper] = [await visit(network), await visit(server)];
  await helper.login();
  await helper.hear('news');
  await helper.page.evaluate(() => {
    client.rpc.provide('echo', (data) => data);
    client.rpc.provide('huge', () => 'x'.repeat(20_000));
  });
  await expect.poll(() => helper.page.evaluate(() => client.rpc.make('echo', 0).catch(String))).toBe(0);
  await writer.login();
  await writer.page.evaluate(() => {
    globalThis.record = client.record.getRecord('note');
    return record.whenReady();
  });
  network.fail('refuse');
  const before = await writes(writer, 3, 'before');
  await writer.page.evaluate(() => {
    const huge = 'x'.repeat(20_000);
    const told = (promise) => promise.then((value) => value ?? 'done', ({ code }) => code);
    globalThis.outcomes = Promise.all([
      told(client.event.emit('news', huge, { receipt: true })),
      told(record.setWithAck('huge', huge)),
      told(record.setWithAck('small', 1)),
      told(client.record.setDataWithAck('other', { huge })),
      told(client.rpc.make('echo', huge, { idempotent: true })),
      told(client.rpc.make('echo', huge, { idempotent: true, delivery: 'durable' })),
      told(client.rpc.make('echo', 1, { idempotent: true })),
      told(client.rpc.make('echo', 2, { idempotent: true, delivery: 'durable' })),
    ]);
  });
  const after = await writes(writer, 3, 'after');
  network.fail('none');
  const undeliverable = 'OUTBOX_UNDELIVERABLE';
  const expected = [undeliverable, undeliverable, 'done', undeliverable, undeliverable, undeliverable, 1, 2];
  expect(await writer.page.evaluate(() => outcomes)).toEqual(expected);
  await sendsEverything(writer);
  expect(await writer.page.evaluate(() => record.get())).toEqual({ small: 1 });
  await expect.poll(() => helper.heard('news')).toEqual([...before, ...after]);

  const call = () => client.rpc.make('huge').catch(({ code, reason }) => ({ code, reason }));
  await writer.page.evaluate(call);
  const codes = async () => (await helper.told()).errors.map(({ event }) => event);
  await expect.poll(codes).toContain(undeliverable);
  await helper.comesTo('OPEN');
  const why = 'the answer is too big for the server';
  await expect.poll(() => writer.page.evaluate(call)).toEqual({ code: 'REQUEST_ERROR', reason: why });
});
