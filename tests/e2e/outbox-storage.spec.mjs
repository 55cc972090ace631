// Storage that is full, forbidden, or holds what nobody can read: what was given is sent all the same, and the page is told.
import { crash, expect, logsInLater, sendsEverything, storedBy, test, writes, writesOneByOne } from './support/outbox.mjs';

/** Notes what is told about the storage. */
const notesProblems = ({ page }) =>
  page.evaluate(() => {
    globalThis.problems = [];
    client.on('storageDegraded', ({ reason }) => problems.push(reason));
  });

const problemsOf = ({ page }) => page.evaluate(() => problems);

/** Leaves room for about so many characters. */
const fillStorage = ({ page }, room) =>
  page.evaluate((left) => {
    let filling = 8 * 1024 * 1024;
    for (let step = filling; step >= 1; step = Math.floor(step / 2)) {
      try {
        localStorage.setItem('theirs', 'x'.repeat(filling));
        filling += step;
      } catch {
        filling -= step;
      }
    }
    while (filling > 0) {
      try {
        localStorage.setItem('theirs', 'x'.repeat(filling));
        break;
      } catch {
        filling -= 1;
      }
    }
    localStorage.setItem('theirs', 'x'.repeat(filling - left));
    return filling - left;
  }, room);

test('a storage that fills up half-way', async ({ startStory, startBrowser }) => {
  const { network, newsFrom, down, up } = await startStory();
  const browser = await startBrowser();
  await down();
  const writer = await browser.open(network);
  await logsInLater(writer);
  await notesProblems(writer);
  const filled = await fillStorage(writer, 20_000);
  const news = await writesOneByOne(writer, 200);
  const stored = (await storedBy(writer)).length;
  expect(stored).toBeGreaterThan(20);
  expect(stored).toBeLessThan(200);
  expect(await problemsOf(writer)).toEqual(['QuotaExceededError']);
  expect(await writer.page.evaluate(() => client.outbox.entries().filter(({ isStored }) => isStored).length)).toBe(stored);
  await up();
  expect(await newsFrom(writer), 'all that was given').toEqual(news);
  expect(await writer.page.evaluate(() => localStorage.getItem('theirs').length)).toBe(filled);

  await down();
  const more = await writesOneByOne(writer, 200, 'more');
  const survive = (await storedBy(writer)).length;
  await crash(writer);
  const next = await browser.open(network);
  await logsInLater(next);
  await up();
  expect(await newsFrom(next), 'what was in storage').toEqual(more.slice(0, survive));
});

test('a storage that is forbidden', async ({ startStory, startBrowser }) => {
  const { network, newsFrom, down, up } = await startStory();
  const browser = await startBrowser();
  await browser.context.addInitScript(() => {
    Object.defineProperty(globalThis, 'localStorage', {
      get() {
        throw new DOMException('forbidden', 'SecurityError');
      },
    });
  });
  await down();
  const writer = await browser.open(network);
  await notesProblems(writer);
  await logsInLater(writer);
  const news = await writes(writer, 200);
  await up();
  expect(await newsFrom(writer)).toEqual(news);
  expect(await problemsOf(writer)).toEqual(['SecurityError']);
});

test('a storage with what nobody can read', async ({ startStory, startBrowser }) => {
  const { network, newsFrom, down, up } = await startStory();
  const browser = await startBrowser();
  await down();
  const killed = await browser.open(network);
  await logsInLater(killed);
  const news = await writes(killed, 200);
  const foreign = await killed.page.evaluate((url) => {
    const prefix = `deepstream-wasm/${url}/`;
    const foreign = {
      theirs: 'mine',
      'deepstream-wasm/': '1',
      'deepstream-wasm/another/0/1': '1 e',
      [`${prefix}newer/1`]: '2 f 0 future\nwhatever',
    };
    const garbage = ['', 'null', '{}', '\0', '1', '1 e\n', '1 e p 1 2 99 99\nshort', '\uD800', 'x'.repeat(100_000)];
    garbage.forEach((value, index) => localStorage.setItem(`${prefix}garbage/${index}`, value));
    localStorage.setItem(`${prefix}user`, '\0\0');
    localStorage.setItem(`${prefix}a/b/c/7`, 'x');
    for (const [key, value] of Object.entries(foreign)) localStorage.setItem(key, value);
    return foreign;
  }, network.url);
  await crash(killed);

  const next = await browser.open(network);
  await notesProblems(next);
  await logsInLater(next);
  await up();
  expect(await newsFrom(next)).toEqual(news);
  expect(await problemsOf(next)).toHaveLength(1);
  await sendsEverything(next);
  const kept = await next.page.evaluate((keys) => Object.fromEntries(keys.map((key) => [key, localStorage.getItem(key)])), Object.keys(foreign));
  expect(kept, 'what belongs to others, and to newer versions').toEqual(foreign);
});

test('storage that another tab empties takes nothing along', async ({ startDeepstream, startProxy, visit, startBrowser }) => {
  const server = await startDeepstream();
  const network = await startProxy(server);
  const reader = await visit(server);
  await reader.login();
  await reader.hear('news');
  const browser = await startBrowser();
  const [writer, other] = [await browser.open(network), await browser.open(network)];
  await writer.login();
  await notesProblems(writer);
  await writer.page.evaluate(() => {
    globalThis.record = client.record.getRecord('note');
    return record.whenReady();
  });
  network.fail('refuse');
  await writer.comesTo('RECONNECTING');
  await writer.page.evaluate(() => {
    const receipts = [1, 2, 3].map((number) => client.event.emit('news', number, { receipt: true }));
    globalThis.outcomes = Promise.all([...receipts, record.setWithAck('a', 1)]);
  });
  await other.page.evaluate(() => localStorage.clear());
  await expect.poll(() => problemsOf(writer)).toHaveLength(1);
  await expect.poll(async () => (await storedBy(writer)).length, 'what is stored anew').toBeGreaterThanOrEqual(4);
  network.fail('none');
  const [first, second, third] = await writer.page.evaluate(() => outcomes);
  expect([first, second, third]).toEqual(Array(3).fill('delivered'));
  await expect.poll(() => reader.heard('news')).toEqual([1, 2, 3]);
  expect(await reader.page.evaluate(() => client.record.snapshot('note'))).toEqual({ a: 1 });
  await sendsEverything(writer);
  expect(await storedBy(writer)).toEqual([]);
});
