// Users of a real server: credentials, what the server says about them, and what it refuses.
import { expect, test } from './support/test.mjs';

const ada = { username: 'ada', password: 'lovelace' };
const users = { ada: { password: 'lovelace', clientData: { colour: 'green', numbers: [1, null] } } };
const refused = { error: expect.objectContaining({ name: 'DeepstreamError', code: 'INVALID_AUTHENTICATION_DETAILS' }) };

test('the server knows its user again after a restart', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream({ users });
  const visitor = await visit(server);
  expect(await visitor.login(ada)).toEqual({ data: users.ada.clientData });
  await server.kill();
  await visitor.comesTo('RECONNECTING');
  await server.start();
  await visitor.comesTo('OPEN');
  const other = await visit(server);
  await other.login(ada);
  await visitor.isReachedBy(other);
  expect(await visitor.told()).toMatchObject({ clientData: [users.ada.clientData], reauthenticationFailures: [] });
});

test('wrong credentials are refused, right ones still welcome', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream({ users });
  const visitor = await visit(server);
  expect(await visitor.login({ ...ada, password: 'guess' })).toEqual(refused);
  expect(await visitor.login()).toEqual(refused);
  expect(await visitor.state()).toBe('AWAITING_AUTHENTICATION');
  expect(await visitor.login(ada)).toEqual({ data: users.ada.clientData });
  expect(await visitor.state()).toBe('OPEN');
});

test('too many attempts end the connection, until somebody has the right credentials', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream({ users, maxAuthAttempts: 2 });
  const visitor = await visit(server);
  expect(await visitor.login({ ...ada, password: 'guess' })).toEqual(refused);
  const { error } = await visitor.login({ ...ada, password: 'guess again' });
  expect(error.name).toBe('DeepstreamError');
  await visitor.comesTo('TOO_MANY_AUTH_ATTEMPTS');
  expect(await visitor.login(ada)).toEqual({ data: users.ada.clientData });
});

test('a user who is no longer known is told', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream({ users });
  const visitor = await visit(server);
  await visitor.login(ada);
  await server.stop();
  await visitor.comesTo('RECONNECTING');
  await startDeepstream({ port: server.port, users: { grace: { password: 'hopper' } } });
  await visitor.comesTo('AWAITING_AUTHENTICATION');
  expect((await visitor.told()).reauthenticationFailures).toHaveLength(1);
  expect(await visitor.login({ username: 'grace', password: 'hopper' })).toEqual({ data: null });
});

test('a server that waits for a login in vain ends the connection, and a login opens another', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream({ unauthenticatedClientTimeout: 50 });
  const visitor = await visit(server);
  await visitor.comesTo('AUTHENTICATION_TIMEOUT');
  expect(await visitor.login()).toEqual({ data: null });
  expect(await visitor.state()).toBe('OPEN');
});
