// What a client logs in with, where the application gives a function instead of details.
import { AUTH_ACTION, TOPIC } from '@deepstream/protobuf/dist/types/all.js';
import { dispatch, eventually, expect, test } from './support/network.mjs';
import { Visitor } from './support/visitor.mjs';

/** What the function of the page was asked. */
const asked = ({ page }) => page.evaluate(() => asked);

const authParamsTest = test.extend({
  /** A page whose `authParams` gives a new token each time, and a server that refuses tokens as told. */
  tokens: async ({ startScripted, openPage, site }, use) => {
    let isRefused = () => false;
    const received = (connection, { topic, action, data }) => {
      if (topic !== TOPIC.AUTH || action !== AUTH_ACTION.REQUEST) return false;
      const { token } = JSON.parse(data);
      if (isRefused(token)) connection.send({ topic, action: AUTH_ACTION.AUTH_UNSUCCESSFUL, parsedData: `${token} has expired` });
      else connection.send({ topic, action: AUTH_ACTION.AUTH_SUCCESSFUL, parsedData: { token } });
      return true;
    };
    const server = await startScripted({ scripts: { deepstream: { received } } });
    const visitor = new Visitor(await openPage(`${site.url}/index.html`));
    await visitor.page.evaluate((url) => {
      globalThis.asked = [];
      const authParams = async (question) => {
        const token = asked.push(question);
        await new Promise((resolve) => setTimeout(resolve));
        if (globalThis.signedOut) throw new Error('signed out');
        return { token };
      };
      visit(url, { authParams, reconnectIntervalIncrement: 50, maxReconnectInterval: 200 });
    }, server.url());
    await use({ server, visitor, refuse: (test) => (isRefused = test), lose: () => server.connections[0].terminate() });
  },
});

const plain = { refresh: false, reason: undefined };

authParamsTest('the function is asked at every attempt', async ({ tokens: { visitor, lose } }) => {
  expect(await visitor.login()).toEqual({ data: { token: 1 } });
  for (const token of [2, 3]) {
    lose();
    await eventually(async () => (await visitor.told()).clientData.at(-1)).toEqual({ token });
    await visitor.comesTo('OPEN');
  }
  expect(await asked(visitor)).toEqual([plain, plain, plain]);
  expect((await visitor.told()).reauthenticationFailures).toEqual([]);
});

authParamsTest('a token that has expired is refreshed once, and nobody notices', async ({ tokens: { server, visitor, refuse, lose } }) => {
  await visitor.login();
  refuse((token) => token === 2);
  lose();
  await eventually(async () => (await visitor.told()).clientData.at(-1)).toEqual({ token: 3 });
  expect(await asked(visitor)).toEqual([plain, plain, { refresh: true, reason: '2 has expired' }]);
  expect(await visitor.state()).toBe('OPEN');
  expect(server.report().opened, 'connections: the refresh needs none of its own').toBe(2);
  expect((await visitor.told()).reauthenticationFailures).toEqual([]);

  refuse(() => false);
  lose();
  await eventually(async () => (await asked(visitor)).at(3), 'the question after a refresh that helped').toEqual(plain);
});

authParamsTest('if the fresh one is refused too, the application is told', async ({ tokens: { server, visitor, refuse, lose } }) => {
  await visitor.login();
  refuse(() => true);
  lose();
  await eventually(async () => (await visitor.told()).reauthenticationFailures).toEqual([{ reason: '3 has expired' }]);
  expect(await visitor.state()).toBe('AWAITING_AUTHENTICATION');
  await dispatch(visitor, 'online', 'focus');
  await visitor.page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
  expect(await asked(visitor)).toEqual([plain, plain, { refresh: true, reason: '2 has expired' }]);
  expect(server.report().received['AUTH/REQUEST']).toBe(3);

  refuse(() => false);
  expect(await visitor.login()).toEqual({ data: { token: 4 } });
});

authParamsTest('a first login is rejected only after the refresh', async ({ tokens: { visitor, refuse } }) => {
  refuse(() => true);
  const { error } = await visitor.login();
  expect(error).toMatchObject({ name: 'DeepstreamError', code: 'INVALID_AUTHENTICATION_DETAILS', reason: '2 has expired' });
  expect(await asked(visitor)).toEqual([plain, { refresh: true, reason: '1 has expired' }]);
  expect((await visitor.told()).reauthenticationFailures).toEqual([]);
});

authParamsTest('a function that fails is asked again with the next attempt', async ({ tokens: { visitor } }) => {
  await visitor.page.evaluate(() => (globalThis.signedOut = true));
  const login = visitor.login();
  await eventually(async () => (await asked(visitor)).length).toBeGreaterThan(2);
  const { errors } = await visitor.told();
  expect(new Set(errors.map(({ event }) => event))).toEqual(new Set(['AUTH_PARAMS_FAILED']));
  expect(errors[0].message).toContain('signed out');
  expect(await visitor.page.evaluate(() => client.connection.reason)).toMatchObject({ kind: 'auth-params', willRetry: true });
  await visitor.page.evaluate(() => (globalThis.signedOut = false));
  expect((await login).data).toEqual({ token: (await asked(visitor)).length });
});
