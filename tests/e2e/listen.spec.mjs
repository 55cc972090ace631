// Providing what others subscribe to, from pages of several browser contexts, through a real server.
import { expect, test } from './support/test.mjs';

/** Lets a visitor accept everything that matches, and emit it whenever `provide` is called; notes what happens. */
const provides = (visitor, pattern) =>
  visitor.page.evaluate((given) => {
    const provided = new Set();
    globalThis.offers = [];
    globalThis.provide = (data) => provided.forEach((name) => client.event.emit(name, data));
    client.event.listen(given, (name, { accept, onStop }) => {
      offers.push(`offered ${name}`);
      provided.add(name);
      onStop((stopped) => {
        offers.push(`stopped ${stopped}`);
        provided.delete(stopped);
      });
      accept();
    });
  }, pattern);
const offers = (visitor) => visitor.page.evaluate(() => globalThis.offers);
const errors = async (visitor) => (await visitor.told()).errors.map(({ event }) => event);

/** Waits until what this provider emits for the name reaches the reader. */
async function reaches(provider, reader, name) {
  const data = `proof ${Math.random()}`;
  const prove = async () => {
    await provider.page.evaluate((given) => provide(given), data);
    return reader.heard(name);
  };
  await expect.poll(prove, `what is provided for ${name}`).toContain(data);
}

test('a provider produces what is wanted, as long as it is wanted', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream();
  const [ada, grace] = [await visit(server), await visit(server)];
  for (const visitor of [ada, grace]) await visitor.login();
  await provides(ada, '^weather/');
  await grace.hear('weather/Oslo');
  await grace.hear('traffic/Oslo');
  await expect.poll(() => offers(ada)).toEqual(['offered weather/Oslo']);
  await reaches(ada, grace, 'weather/Oslo');
  await grace.page.evaluate(() => client.event.unsubscribe('weather/Oslo'));
  await expect.poll(() => offers(ada)).toEqual(['offered weather/Oslo', 'stopped weather/Oslo']);
  await grace.hear('weather/Oslo');
  await reaches(ada, grace, 'weather/Oslo');
  await ada.page.evaluate(() => client.event.unlisten('^weather/'));
  expect((await offers(ada)).slice(2)).toEqual(['offered weather/Oslo', 'stopped weather/Oslo']);
  for (const visitor of [ada, grace]) expect(await errors(visitor)).toEqual([]);
});

test('listening survives a server that is killed and comes back', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream();
  const [ada, grace] = [await visit(server), await visit(server)];
  for (const visitor of [ada, grace]) await visitor.login();
  await provides(ada, '^weather/');
  await grace.hear('weather/Oslo');
  await reaches(ada, grace, 'weather/Oslo');
  for (let round = 1; round <= 3; round += 1) {
    await server.kill();
    await expect.poll(() => offers(ada)).toHaveLength(2 * round);
    await server.start();
    for (const visitor of [ada, grace]) await visitor.comesTo('OPEN');
    await expect.poll(() => offers(ada)).toHaveLength(2 * round + 1);
    await reaches(ada, grace, 'weather/Oslo');
  }
  const expected = ['offered weather/Oslo', 'stopped weather/Oslo'];
  expect(await offers(ada)).toEqual([...expected, ...expected, ...expected, 'offered weather/Oslo']);
});

test('when a provider goes, another one is asked', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream();
  const [ada, grace, joan] = [await visit(server), await visit(server), await visit(server)];
  for (const visitor of [ada, grace, joan]) await visitor.login();
  await provides(ada, '^weather/');
  await joan.hear('weather/Oslo');
  await reaches(ada, joan, 'weather/Oslo');
  await provides(grace, '^weather/');
  await grace.isReachedBy(joan);
  expect(await offers(grace)).toEqual([]);
  await ada.page.close();
  await expect.poll(() => offers(grace)).toEqual(['offered weather/Oslo']);
  await reaches(grace, joan, 'weather/Oslo');
});

test('a listener that comes and goes in a hurry does the server no harm', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream();
  const [ada, grace] = [await visit(server), await visit(server)];
  for (const visitor of [ada, grace]) await visitor.login();
  await grace.hear('weather/Oslo');
  await ada.page.evaluate(() => {
    for (let time = 0; time < 20; time += 1) {
      client.event.listen('^weather/', () => {});
      client.event.unlisten('^weather/');
    }
  });
  await provides(ada, '^weather/');
  await reaches(ada, grace, 'weather/Oslo');
  expect(server.isRunning()).toBe(true);
  expect((await ada.told()).states.filter((state) => state === 'OPEN')).toHaveLength(1);
  expect(await errors(ada)).toEqual([]);
});

test('what the server does not permit or understand is told', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream({
    permissions: { event: { '*': { listen: false, subscribe: true, publish: true } } },
  });
  const ada = await visit(server);
  await ada.login();
  await provides(ada, '^secret/');
  await expect.poll(() => errors(ada)).toEqual(['MESSAGE_DENIED']);
  expect((await ada.told()).errors[0]).toMatchObject({ topic: 'EVENT', message: expect.stringContaining('^secret/') });
  const open = await startDeepstream();
  const grace = await visit(open);
  await grace.login();
  await provides(grace, '(');
  await expect.poll(() => errors(grace)).toEqual(['INVALID_LISTEN_REGEX']);
  expect(await grace.state()).toBe('OPEN');
});
