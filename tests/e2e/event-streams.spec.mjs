// Additions for modern code: streams, signals, and what ends with its block.
import { expect, test } from './support/test.mjs';

/** Two visitors of a server; the first can read streams into `read`. */
async function twoVisitors({ startDeepstream, visit }) {
  const server = await startDeepstream();
  const [ada, grace] = [await visit(server), await visit(server)];
  for (const visitor of [ada, grace]) await visitor.login();
  await ada.page.evaluate(() => {
    globalThis.read = [];
    globalThis.readAll = async (stream) => {
      for await (const data of stream) read.push(data);
      read.push('end');
    };
  });
  return [ada, grace];
}
const read = (visitor) => visitor.page.evaluate(() => globalThis.read);

test('a stream gives what arrives in order, also what arrived before it was read', async ({
  startDeepstream,
  visit,
}) => {
  const [ada, grace] = await twoVisitors({ startDeepstream, visit });
  await ada.page.evaluate(() => void (globalThis.stream = client.event.stream('news')));
  await ada.isReachedBy(grace);
  for (const number of [1, 2, 3]) await grace.emit('news', number);
  await ada.isReachedBy(grace);
  await ada.page.evaluate(() => void readAll(stream));
  await grace.emit('news', 4);
  await expect.poll(() => read(ada)).toEqual([1, 2, 3, 4]);
  expect(await ada.page.evaluate(() => client.event.eventNames())).toContain('news');
});

test('a stream ends with its signal, with unsubscribe, with the client, and when the loop is left', async ({
  startDeepstream,
  visit,
}) => {
  const [ada] = await twoVisitors({ startDeepstream, visit });
  const ended = await ada.page.evaluate(async () => {
    const ends = [];
    const names = () => client.event.eventNames().join();
    const controller = new AbortController();
    let reading = readAll(client.event.stream('a', { signal: controller.signal }));
    controller.abort();
    await reading;
    ends.push(names());

    const stream = client.event.stream('b');
    client.event.emit('b', 1);
    client.event.unsubscribe('b');
    await readAll(stream);
    ends.push(names());

    const left = client.event.stream('c');
    client.event.emit('c', 2);
    client.event.emit('c', 'never read');
    for await (const data of left) {
      read.push(data);
      break;
    }
    ends.push(names(), (await left.next()).done);

    reading = readAll(client.event.stream('d', { signal: AbortSignal.abort() }));
    await reading;
    ends.push(names());

    reading = readAll(client.event.stream('e'));
    client.close();
    await reading;
    // There is nobody left to tell IS_CLOSED.
    console.error = () => {};
    await readAll(client.event.stream('f'));
    return ends;
  });
  expect(ended).toEqual(['', '', '', true, '']);
  expect(await read(ada)).toEqual(['end', 1, 'end', 2, 'end', 'end', 'end']);
});

test('a stream that is read too slowly drops its oldest events and says so', async ({ startDeepstream, visit }) => {
  const [ada] = await twoVisitors({ startDeepstream, visit });
  const [dropped, ...rest] = await ada.page.evaluate(async () => {
    const stream = client.event.stream('news', { maxBuffered: 2 });
    const emit = (...all) => all.forEach((data) => client.event.emit('news', data));
    const take = async (count) => {
      const taken = [];
      while (taken.length < count) taken.push((await stream.next()).value);
      return taken;
    };
    emit(1, 2, 3, 4, 5);
    const first = await take(2);
    emit(6, 7, 8);
    return [stream.dropped, first, await take(2)];
  });
  expect(dropped).toBe(4);
  expect(rest).toEqual([
    [4, 5],
    [7, 8],
  ]);
  const overflow = { topic: 'EVENT', event: 'STREAM_OVERFLOW', message: expect.stringContaining('news') };
  expect((await ada.told()).errors).toEqual([overflow, overflow]);
});

test('a signal, a block or the subscription itself ends one subscription and no other', async ({
  startDeepstream,
  visit,
}) => {
  const [ada] = await twoVisitors({ startDeepstream, visit });
  const heard = await ada.page.evaluate(() => {
    let calls = 0;
    const listener = () => (calls += 1);
    const counts = [];
    const count = () => {
      calls = 0;
      client.event.emit('news');
      counts.push(calls);
    };
    const controller = new AbortController();
    client.event.subscribe('news', listener, { signal: controller.signal });
    client.event.subscribe('news', listener, { signal: AbortSignal.abort() });
    const subscription = client.event.subscribe('news', listener);
    client.event.subscribe('news', listener);
    count();
    controller.abort();
    count();
    subscription.unsubscribe();
    subscription.unsubscribe();
    count();
    if (Symbol.dispose) client.event.subscribe('news', listener)[Symbol.dispose]();
    count();
    client.event.unsubscribe('news', listener);
    count();
    return { counts, names: client.event.eventNames() };
  });
  expect(heard).toEqual({ counts: [3, 2, 1, 1, 0], names: [] });
});

test('wrong options are refused and nothing is subscribed to', async ({ startDeepstream, visit }) => {
  const [ada] = await twoVisitors({ startDeepstream, visit });
  const refused = await ada.page.evaluate(() => {
    const attempts = [
      () => client.event.subscribe('news', () => {}, { signal: {} }),
      () => client.event.subscribe('news', () => {}, { signal: null }),
      () => client.event.subscribe('', () => {}, { signal: AbortSignal.abort() }),
      () => client.event.stream('news', { maxBuffered: 0 }),
      () => client.event.stream('news', { maxBuffered: '5' }),
      () => client.event.stream('news', { signal: 1 }),
      () => client.event.stream(''),
    ];
    const codes = attempts.map((attempt) => {
      try {
        return attempt();
      } catch ({ code, message }) {
        return `${code} ${message}`;
      }
    });
    return { codes, names: client.event.eventNames() };
  });
  expect(refused.names).toEqual([]);
  const expected = [
    'INVALID_ARGUMENT .*signal',
    'INVALID_ARGUMENT .*signal',
    'INVALID_ARGUMENT .*name',
    'INVALID_OPTION .*maxBuffered',
    'INVALID_OPTION .*maxBuffered',
    'INVALID_ARGUMENT .*signal',
    'INVALID_ARGUMENT .*name',
  ];
  expect(refused.codes).toEqual(expected.map((words) => expect.stringMatching(words)));
});

test('a client ends with its block', async ({ startDeepstream, visit }) => {
  const [ada] = await twoVisitors({ startDeepstream, visit });
  const states = await ada.page.evaluate(async () => {
    if (!Symbol.dispose) return ['CLOSED', 'CLOSED'];
    const { DeepstreamClient } = await import('/pkg/index.mjs');
    const clients = [0, 1].map(() => new DeepstreamClient(client.connection.url));
    await Promise.all(clients.map((each) => each.login()));
    clients[0][Symbol.dispose]();
    await clients[1][Symbol.asyncDispose]();
    return clients.map((each) => each.getConnectionState());
  });
  expect(states).toEqual(['CLOSED', 'CLOSED']);
});
