// Remote procedure calls between pages of two browser contexts, through a real server.
import { exact, payloads } from './pages/payloads.mjs';
import { expect, test } from './support/test.mjs';

/** Makes a call in the page, and gives `{ result }` or `{ error }`. */
const make = (visitor, name, data, options) =>
  visitor.page.evaluate(
    ([procedure, argument, given]) =>
      client.rpc.make(procedure, argument, given).then(
        (result) => ({ result }),
        ({ name: kind, code, reason, topic }) => ({ error: { kind, code, reason, topic } }),
      ),
    [name, data, options],
  );

/** Has the page provide something; what it was asked stands in `asked`. */
const provide = async (visitor, name, provider) => {
  await visitor.page.evaluate(
    ([procedure, source]) => {
      globalThis.asked ??= [];
      const answer = eval(source);
      client.rpc.provide(procedure, (data, response, requestor) => {
        asked.push(data);
        return answer(data, response, requestor);
      });
    },
    [name, String(provider)],
  );
};

const logIn = async (server, visit) => {
  const visitor = await visit(server);
  await visitor.login();
  return visitor;
};

/** A requestor and a provider that are logged in; and the provider answers `echo`. */
const meet = async (server, visit) => {
  const [ada, grace] = [await logIn(server, visit), await logIn(server, visit)];
  await provide(grace, 'echo', (data, response) => response.send(data));
  await expect.poll(async () => (await make(ada, 'echo', 0)).result, 'an echo').toBe(0);
  await grace.page.evaluate(() => asked.splice(0));
  return [ada, grace];
};

const errorsOf = async (visitor) => (await visitor.told()).errors.map(({ topic, event }) => `${topic} ${event}`);

test('every kind of value goes there and back', async ({ startDeepstream, visit }) => {
  const [ada, grace] = await meet(await startDeepstream(), visit);
  const results = await ada.page.evaluate(async () => {
    const module = await import('/payloads.mjs');
    const made = module.payloads.map((payload) => client.rpc.make('echo', payload));
    return (await Promise.all(made)).map(module.exact);
  });
  expect(results).toEqual(payloads.map(exact));
  for (const visitor of [ada, grace]) expect(await errorsOf(visitor)).toEqual([]);
});

test('a provider may return, wait, fail and leave it to another', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream();
  const [ada, grace] = await meet(server, visit);
  await grace.page.evaluate(() => {
    const { rpc } = client;
    rpc.provide('add', ({ a, b }) => a + b);
    rpc.provide('wait', async (ms) => {
      await new Promise((done) => setTimeout(done, ms));
      return 'waited';
    });
    rpc.provide('later', (data, response) => setTimeout(() => response.send(data), 50));
    rpc.provide('throw', () => {
      throw new TypeError('not like this');
    });
    rpc.provide('reject', async () => Promise.reject({ why: 'tired' }));
    rpc.provide('error', (data, response) => response.error(data));
    rpc.provide('busy', (data, response) => response.reject());
  });
  await ada.isReachedBy(grace);
  await expect.poll(async () => (await make(ada, 'busy')).error.code).toBe('NO_RPC_PROVIDER');
  expect(await make(ada, 'add', { a: 1, b: 2 })).toEqual({ result: 3 });
  expect(await make(ada, 'wait', 50)).toEqual({ result: 'waited' });
  expect(await make(ada, 'later', 7)).toEqual({ result: 7 });
  const failure = (reason) => ({ error: { kind: 'DeepstreamError', code: 'REQUEST_ERROR', topic: 'RPC', reason } });
  expect(await make(ada, 'throw')).toEqual(failure('not like this'));
  expect(await make(ada, 'reject')).toEqual(failure({ why: 'tired' }));
  expect(await make(ada, 'error', ['a', 1])).toEqual(failure(['a', 1]));

  const other = await logIn(server, visit);
  await provide(other, 'busy', (_, response) => response.send('not me'));
  await expect.poll(async () => (await make(ada, 'busy')).result).toBe('not me');
  expect(await ada.page.evaluate(() => client.rpc.providerNames())).toEqual([]);
  for (const visitor of [ada, grace, other]) expect(await errorsOf(visitor)).toEqual([]);
});

test('callbacks are told what those of the reference client are', async ({ startDeepstream, visit }) => {
  const [ada, grace] = await meet(await startDeepstream(), visit);
  await grace.page.evaluate(() => client.rpc.provide('error', (data, response) => response.error(data)));
  const call = (name, data) =>
    ada.page.evaluate(
      ([procedure, argument]) =>
        new Promise((told) => client.rpc.make(procedure, argument, (...outcome) => told(outcome))),
      [name, data],
    );
  expect(await call('echo', 1)).toEqual([null, 1]);
  expect(await call('nobody', 1)).toEqual(['NO_RPC_PROVIDER']);
  await expect.poll(() => call('error', { why: 'tired' })).toEqual([{ why: 'tired' }]);
  expect(await call('error', '')).toEqual(['REQUEST_ERROR']);
});

test('what the server forbids is told to whoever asked', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream({ permissions: { rpc: { 'secret/*': { provide: false, request: false } } } });
  const [ada, grace] = await meet(server, visit);
  expect((await make(ada, 'secret/plan')).error.code).toBe('MESSAGE_DENIED');
  expect(await errorsOf(ada)).toEqual([]);
  await provide(grace, 'secret/plan', () => 1);
  await expect.poll(() => errorsOf(grace)).toEqual(['RPC MESSAGE_DENIED']);
});

test('a server that is killed during a call leaves nothing open and nothing executed twice', async ({
  startDeepstream,
  visit,
}) => {
  const server = await startDeepstream();
  const [ada, grace] = await meet(server, visit);
  await provide(grace, 'slow', (data, response) => {
    globalThis.answer = () => response.send(data);
  });
  await grace.isReachedBy(ada);
  const [sent, idempotent] = [make(ada, 'slow', 'once'), make(ada, 'slow', 'twice', { idempotent: true })];
  await expect.poll(() => grace.page.evaluate(() => asked.toSorted())).toEqual(['once', 'twice']);
  await server.kill();
  expect((await sent).error.code).toBe('OUTCOME_UNKNOWN');
  for (const visitor of [ada, grace]) await visitor.comesTo('RECONNECTING');
  await grace.page.evaluate(() => answer());
  expect(await errorsOf(grace)).toContain('RPC RESPONSE_DROPPED');

  // Ada waits until Grace is back to be asked.
  await ada.page.evaluate(() => client.pause());
  const queued = make(ada, 'echo', 'queued while offline');
  const late = make(ada, 'echo', 'too late', { timeout: 100 });
  expect((await late).error.code).toBe('client offline');
  await server.start();
  await grace.comesTo('OPEN');
  await grace.isReachedBy(await logIn(server, visit));
  await ada.page.evaluate(() => client.resume());
  expect(await queued).toEqual({ result: 'queued while offline' });
  await expect.poll(() => grace.page.evaluate(() => asked.filter((data) => data === 'twice').length)).toBe(2);
  await grace.page.evaluate(() => answer());
  expect(await idempotent).toEqual({ result: 'twice' });
  expect(await grace.page.evaluate(() => asked.filter((data) => data === 'once').length)).toBe(1);
});

test('a provider that dies in the middle of a call is told by the server', async ({ startDeepstream, visit }) => {
  const [ada, grace] = await meet(await startDeepstream({ rpc: { ackTimeout: 1_000 } }), visit);
  await provide(grace, 'dying', (_, response) => (response.autoAccept = false));
  await ada.isReachedBy(grace);
  const call = make(ada, 'dying', 1);
  await expect.poll(() => grace.page.evaluate(() => asked)).toEqual([1]);
  await grace.page.close();
  expect((await call).error.code).toBe('ACCEPT_TIMEOUT');
  await expect.poll(async () => (await make(ada, 'dying', 1)).error.code).toBe('NO_RPC_PROVIDER');
});

test('a signal cancels a call, and closing ends all of them', async ({ startDeepstream, visit }) => {
  const [ada, grace] = await meet(await startDeepstream(), visit);
  await provide(grace, 'slow', (_, response) => (globalThis.response = response));
  await ada.isReachedBy(grace);
  const outcome = await ada.page.evaluate(async () => {
    const settled = (promise) => promise.catch((error) => `${error.name} ${error.code ?? error}`);
    const controller = new AbortController();
    const cancelled = settled(client.rpc.make('slow', 1, { signal: controller.signal }));
    const stopped = settled(client.rpc.make('slow', 1, { signal: AbortSignal.abort('no more') }).catch((why) => `is ${why}`));
    setTimeout(() => controller.abort(), 50);
    const outcomes = [await cancelled, await stopped];
    const closed = settled(client.rpc.make('slow', 2));
    client.close();
    return [...outcomes, await closed, await settled(client.rpc.make('slow', 3))];
  });
  expect(outcome).toEqual(['AbortError 20', 'is no more', 'DeepstreamError IS_CLOSED', 'DeepstreamError IS_CLOSED']);
  expect(await errorsOf(ada)).toEqual([]);
});
