// Several servers, and servers that send their clients to others.
import { CONNECTION_ACTION, TOPIC } from '@deepstream/protobuf/dist/types/all.js';
import { connectionOf, eventually, expect, patient, test } from './support/network.mjs';
import { Visitor } from './support/visitor.mjs';

test('a fleet starts anywhere, and goes on at once where nobody answers', async ({ startScripted, startProxy, openPage, site }) => {
  const server = await startScripted();
  const dead = await startProxy(server);
  dead.fail('refuse');
  const urls = [dead.url, server.url()];
  const visitor = new Visitor(await openPage(`${site.url}/index.html`));
  // Where a client starts is left to chance: clients come until both servers had one that started there.
  const startedAt = new Set();
  const anotherComes = async () => {
    const before = dead.accepted();
    await visitor.connect({ url: urls }, patient);
    expect(await visitor.login()).toEqual({ data: null });
    expect((await connectionOf(visitor)).url).toBe(server.url());
    await visitor.page.evaluate(() => client.close());
    startedAt.add(dead.accepted() > before ? dead.url : server.url());
    return [...startedAt].sort();
  };
  await eventually(anotherComes, 'where clients started').toEqual([...urls].sort());
});

test('whichever server fails, the client is with the other, and nothing is lost', async ({ startDeepstream, startProxy, visit }) => {
  const server = await startDeepstream();
  const proxies = [await startProxy(server), await startProxy(server)];
  const [bystander, visitor] = [await visit(server), await visit({ url: proxies.map(({ url }) => url) })];
  for (const each of [bystander, visitor]) await each.login();
  await visitor.hear('news');
  await bystander.hear('letters');
  const said = [];
  for (const round of [1, 2, 3]) {
    const { url } = await connectionOf(visitor);
    const current = proxies.find((proxy) => proxy.url === url);
    const other = proxies.find((proxy) => proxy !== current);
    for (const proxy of proxies) proxy.fail('reset');
    await visitor.comesTo('RECONNECTING');
    await visitor.emit('letters', round);
    other.fail('none');
    await eventually(async () => (await connectionOf(visitor)).url).toBe(other.url);
    await visitor.comesTo('OPEN');
    await visitor.isReachedBy(bystander);
    await bystander.emit('news', round);
    said.push(round);
    await eventually(() => visitor.heard('news')).toEqual(said);
    await eventually(() => bystander.heard('letters')).toEqual(said);
  }
});

test('while nobody answers, all of them are tried in turn', async ({ startScripted, startProxy, visit }) => {
  const server = await startScripted();
  const proxies = await Promise.all([1, 2, 3].map(() => startProxy(server)));
  for (const proxy of proxies) proxy.fail('reset');
  const visitor = await visit({ url: proxies.map(({ url }) => url) });
  const attempts = () => proxies.map((proxy) => proxy.accepted());
  await eventually(() => Math.min(...attempts()), 'attempts at the server that was tried least').toBeGreaterThan(2);
  const counts = attempts();
  expect(Math.max(...counts) - Math.min(...counts), `the difference between ${counts}`).toBeLessThan(2);
  proxies[1].fail('none');
  await visitor.comesTo('AWAITING_AUTHENTICATION');
  expect((await connectionOf(visitor)).url).toBe(proxies[1].url);
});

const redirectTest = test.extend({
  /** Two servers that send everybody to a third, until they are told to keep their clients. */
  redirected: async ({ startScripted, visit }, use) => {
    const third = await startScripted();
    let isRedirecting = true;
    const received = (connection, { topic, action }) => {
      const isChallenge = topic === TOPIC.CONNECTION && action === CONNECTION_ACTION.CHALLENGE;
      if (!isRedirecting || !isChallenge) return false;
      connection.send({ topic, action: CONNECTION_ACTION.REDIRECT, url: third.url() });
      return true;
    };
    const scripts = { deepstream: { received } };
    const given = [await startScripted({ scripts }), await startScripted({ scripts })];
    const visitor = await visit({ url: given.map((server) => server.url()) });
    expect(await visitor.login()).toEqual({ data: null });
    const first = given.find((server) => server.report().opened === 1);
    const second = given.find((server) => server !== first);
    await use({ third, first, second, visitor, keepClients: () => (isRedirecting = false) });
  },
});

redirectTest('a redirect is followed', async ({ redirected: { third, first, second, visitor } }) => {
  expect(await connectionOf(visitor)).toMatchObject({ state: 'OPEN', url: third.url(), reason: null });
  const { states, errors } = await visitor.told();
  expect(errors).toEqual([]);
  expect(states.slice(states.indexOf('REDIRECTING'))).toEqual([
    'REDIRECTING',
    'AWAITING_CONNECTION',
    'CHALLENGING',
    'AWAITING_AUTHENTICATION',
    'AUTHENTICATING',
    'OPEN',
  ]);
  await eventually(() => first.report().open, 'connections left with the server that redirected').toBe(0);
  expect(second.report().opened).toBe(0);
  const [challenge] = third.connections[0].received;
  expect(challenge, 'what the third server is told').toMatchObject({ action: CONNECTION_ACTION.CHALLENGE, url: first.url() });
});

redirectTest('who loses a redirected connection asks the servers that were given', async ({ redirected: servers }) => {
  const { third, first, second, visitor, keepClients } = servers;
  await third.stop();
  await eventually(() => second.report().opened, 'connections to the next in turn').toBeGreaterThan(0);
  keepClients();
  await visitor.comesTo('OPEN');
  const { url } = await connectionOf(visitor);
  expect([first.url(), second.url()]).toContain(url);

  const [kept, other] = url === first.url() ? [first, second] : [second, first];
  await kept.stop();
  await eventually(async () => (await connectionOf(visitor)).url).toBe(other.url());
  await visitor.comesTo('OPEN');
});
