// Who is logged in at a real server: users with passwords, rules about whom one may ask for, and servers that come and go.
import { expect, test } from './support/test.mjs';

const names = ['ann', 'bob', 'cat', 'eve'];
const users = Object.fromEntries(names.map((name) => [name, { password: `${name}'s` }]));
const permissions = { presence: { eve: { allow: false } } };

/** Opens a page whose client is logged in as this user. */
const visitAs = async (visit, server, name, options) => {
  const visitor = await visit(server, options);
  await logsInAs(visitor, name);
  return visitor;
};

async function logsInAs(visitor, name) {
  expect(await visitor.login({ username: name, password: `${name}'s` })).toEqual({ data: null });
}

/** Subscribes to these users, or to all, and waits until the server and the client know where they start from. */
async function watch({ page }, ...watched) {
  await page.evaluate(async (list) => {
    globalThis.told ??= {};
    told.presence ??= [];
    const note = (what) => (user, online) => told.presence.push(`${what} ${online ? '+' : '-'}${user}`);
    if (list.length === 0) client.presence.subscribe(note('all'));
    for (const user of list) client.presence.subscribe(user, note('one'));
  }, watched);
  // Subscriptions are sent by a timer, acknowledged, and then the client asks who is there: each answer is one step.
  for (let step = 0; step < 4; step += 1) await page.evaluate(() => client.presence.getAll().catch(() => {}));
}

const toldOf = ({ page }) => page.evaluate(() => told.presence.splice(0));
const getAll = ({ page }, list) =>
  page.evaluate(
    (asked) => (asked ? client.presence.getAll(asked) : client.presence.getAll()).catch(({ code }) => code),
    list,
  );

/** Waits until everything of this has been told, in any order, and nothing else. */
async function isTold(visitor, expected) {
  const told = [];
  const collected = async () => {
    told.push(...(await toldOf(visitor)));
    return told.toSorted();
  };
  await expect.poll(collected, 'what was told').toEqual(expected.toSorted());
}

test('users are known by their names, each once, and the asker not to himself', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream({ users });
  const ann = await visitAs(visit, server, 'ann');
  await visitAs(visit, server, 'bob');
  await visitAs(visit, server, 'bob');
  expect(await getAll(ann)).toEqual(['bob']);
  expect(await getAll(ann, ['ann', 'bob', 'cat'])).toEqual({ ann: true, bob: true, cat: false });
  expect(await getAll(ann, [])).toEqual({});
});

test('those who come and go are told once, however many connections they have', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream({ users });
  const ann = await visitAs(visit, server, 'ann');
  await watch(ann);
  await watch(ann, 'bob');
  const bobs = [await visitAs(visit, server, 'bob'), await visitAs(visit, server, 'bob')];
  const cat = await visitAs(visit, server, 'cat');
  await isTold(ann, ['all +bob', 'one +bob', 'all +cat']);
  await bobs[0].page.evaluate(() => client.close());
  await cat.page.evaluate(() => client.close());
  await isTold(ann, ['all -cat']);
  await bobs[1].page.evaluate(() => client.close());
  await isTold(ann, ['all -bob', 'one -bob']);

  await ann.page.evaluate(() => client.presence.unsubscribe());
  await getAll(ann);
  await visitAs(visit, server, 'bob');
  expect(await getAll(ann)).toEqual(['bob']);
  expect(await toldOf(ann)).toEqual([]);
  expect((await ann.told()).errors).toEqual([]);
});

test('a signal ends its own subscription and no other', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream({ users });
  const ann = await visitAs(visit, server, 'ann');
  await watch(ann, 'bob');
  await ann.page.evaluate(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const note = (what) => () => told.presence.push(what);
    const again = note('subscribed again');
    client.presence.subscribe(note('aborted'), { signal });
    client.presence.subscribe('bob', again, { signal });
    client.presence.unsubscribe('bob', again);
    client.presence.subscribe('bob', again);
    client.presence.subscribe('bob', note('aborted'), { signal });
    client.presence.subscribe('bob', note('ended')).unsubscribe();
    controller.abort();
    client.presence.subscribe('bob', note('too late'), { signal });
  });
  await visitAs(visit, server, 'bob');
  await isTold(ann, ['one +bob', 'subscribed again']);
  await ann.page.evaluate(() => client.close());
});

test('what was missed is told after every restart of the server, and nothing else', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream({ users });
  const ann = await visitAs(visit, server, 'ann');
  const [bob, cat] = [await visitAs(visit, server, 'bob'), await visitAs(visit, server, 'cat')];
  await watch(ann);
  await watch(ann, 'bob', 'cat');
  for (const round of [1, 2, 3]) {
    await ann.page.evaluate(() => client.pause());
    await bob.page.evaluate(() => client.pause());
    await server.kill();
    await cat.comesTo('RECONNECTING');
    await server.start();
    await cat.comesTo('OPEN');
    await ann.page.evaluate(() => client.resume());
    await isTold(ann, ['all -bob', 'one -bob']);
    await bob.page.evaluate(() => client.resume());
    await isTold(ann, ['all +bob', 'one +bob']);
    expect(await getAll(ann, ['bob', 'cat']), `round ${round}`).toEqual({ bob: true, cat: true });
  }
  expect(await toldOf(ann)).toEqual([]);
  const { errors } = await ann.told();
  expect(errors.filter(({ event }) => event !== 'CONNECTION_ERROR')).toEqual([]);
});

test('nothing is caught up with where the application does not want it', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream({ users });
  const ann = await visitAs(visit, server, 'ann', { presenceCatchUp: false });
  await watch(ann);
  await ann.page.evaluate(() => client.pause());
  await visitAs(visit, server, 'bob');
  await ann.page.evaluate(() => client.resume());
  expect(await getAll(ann)).toEqual(['bob']);
  await visitAs(visit, server, 'cat');
  await isTold(ann, ['all +cat']);
});

test('questions asked while the server is away are answered when it is back', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream({ users });
  const ann = await visitAs(visit, server, 'ann');
  await server.kill();
  await ann.comesTo('RECONNECTING');
  const answers = Promise.all([getAll(ann), getAll(ann, ['ann'])]);
  await server.start();
  expect(await answers).toEqual([[], { ann: true }]);
});

test('whom one may not ask for is refused, and costs nobody else', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream({ users, permissions });
  const ann = await visitAs(visit, server, 'ann');
  expect(await getAll(ann, ['eve'])).toBe('MESSAGE_DENIED');
  expect(await getAll(ann, ['eve', 'bob', 'cat'])).toBe('MESSAGE_DENIED');
  expect(await getAll(ann, ['bob', 'cat'])).toEqual({ bob: false, cat: false });
  expect((await ann.told()).errors).toEqual([]);
  await watch(ann, 'bob', 'cat', 'eve');
  for (const name of ['eve', 'bob', 'cat']) await visitAs(visit, server, name);
  await isTold(ann, ['one +bob', 'one +cat']);
  const { errors } = await ann.told();
  expect(errors.map(({ event, topic }) => [event, topic])).toEqual([['MESSAGE_DENIED', 'PRESENCE']]);
});

test('where nobody may ask for all, single users can still be watched', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream({ users, permissions: { presence: { undefined: { allow: false } } } });
  const ann = await visitAs(visit, server, 'ann');
  expect(await getAll(ann)).toBe('MESSAGE_DENIED');
  await watch(ann);
  await watch(ann, 'bob');
  await visitAs(visit, server, 'bob');
  await isTold(ann, ['one +bob']);
  const { errors } = await ann.told();
  expect(errors.map(({ event }) => event)).toEqual(['MESSAGE_DENIED']);
});
