import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import deepstreamClient from '@deepstream/client';
import { startCluster } from './cluster.mjs';

const { DeepstreamClient } = deepstreamClient;
const deadline = { timeout: 120_000 };
// Whose comings and goings a test counts, is in no other test.
const userNames = ['ann', 'bob', 'cat', 'dan', 'eve'];
let names = 0;

/** A name that nobody has used before. */
function fresh(prefix) {
  names += 1;
  return `${prefix}/${names}`;
}

/** Resolves with the arguments of the first call of the callback that `register` is given. */
function called(register) {
  return new Promise((resolve) => register((...parameters) => resolve(parameters)));
}

/** Resolves once the client's server has dealt with all that the client sent. */
function settled(client) {
  return client.presence.getAll();
}

/** Calls again while the caller's server has not heard of a provider at another. */
async function make(client, rpc, data) {
  for (;;) {
    try {
      return await client.rpc.make(rpc, data);
    } catch (error) {
      if (error !== 'NO_RPC_PROVIDER') throw error;
    }
  }
}

describe('a cluster of three servers', deadline, () => {
  let cluster;
  const clients = new Set();

  before(async () => {
    cluster = await startCluster({
      users: Object.fromEntries(userNames.map((name) => [name, { password: name }])),
      permissions: {
        event: { 'secret/*': { subscribe: "user.id === 'ann'" } },
        rpc: { 'secret/*': { provide: "user.id === 'ann'", request: "user.id === 'bob'" } },
        presence: { ann: { allow: "user.id !== 'dan'" } },
      },
    });
  });

  after(async () => {
    for (const client of clients) client.close();
    await cluster.stop();
  });

  /** A user, logged in at the server of that number. */
  async function join(server, username) {
    const client = new DeepstreamClient(cluster.urls[server], { subscriptionInterval: 0, maxReconnectAttempts: 0 });
    const errors = [];
    client.on('error', (_message, event) => errors.push(event));
    clients.add(client);
    await client.login({ username, password: username });
    const leave = () => {
      clients.delete(client);
      client.close();
    };
    return Object.assign(client, { errors, leave });
  }

  /** Everything that servers have to tell each other, between two of them. */
  async function assertWorks(one, other) {
    const [ann, bob] = await Promise.all([join(one, 'ann'), join(other, 'bob')]);

    const event = fresh('event');
    const heard = called((callback) => bob.event.subscribe(event, callback));
    await settled(bob);
    ann.event.emit(event, 'news');
    assert.deepEqual(await heard, ['news']);

    const rpc = fresh('rpc');
    bob.rpc.provide(rpc, (data, response) => response.send(data + 1));
    assert.equal(await make(ann, rpc, 1), 2);

    const provided = fresh('provided');
    const offered = called((callback) => ann.event.listen(`${provided}$`, callback));
    bob.event.subscribe(provided, () => {});
    const [subscription, response] = await offered;
    assert.equal(subscription, provided);
    const stopped = called((callback) => response.onStop(callback));
    response.accept();
    await settled(ann);
    bob.event.unsubscribe(provided);
    assert.deepEqual(await stopped, [provided]);

    const joined = called((callback) => bob.presence.subscribe('cat', callback));
    await settled(bob);
    const cat = await join(one, 'cat');
    assert.deepEqual(await joined, ['cat', true]);
    bob.presence.unsubscribe('cat');
    const left = called((callback) => bob.presence.subscribe('cat', callback));
    await settled(bob);
    assert.deepEqual(await bob.presence.getAll(['ann', 'cat', 'nobody']), { ann: true, cat: true, nobody: false });
    cat.leave();
    assert.deepEqual(await left, ['cat', false]);

    for (const client of [ann, bob]) client.leave();
  }

  test('is one deepstream for its clients', async () => {
    await assertWorks(0, 1);
    await assertWorks(2, 0);
  });

  test('gives a call to one provider only', async () => {
    const [ann, bob, dan] = await Promise.all([join(0, 'ann'), join(1, 'bob'), join(2, 'dan')]);
    const rpc = fresh('rpc');
    const answered = { bob: 0, dan: 0 };
    for (const [name, client] of Object.entries({ bob, dan })) {
      client.rpc.provide(rpc, (_data, response) => {
        answered[name] += 1;
        response.send(name);
      });
    }
    const answers = { bob: 0, dan: 0 };
    while (!(answers.bob && answers.dan)) answers[await make(ann, rpc)] += 1;
    assert.deepEqual(answered, answers);
    for (const client of [ann, bob, dan]) client.leave();
  });

  test('has the same rules everywhere', async () => {
    for (const server of [0, 1, 2]) {
      const [ann, bob, dan] = await Promise.all([join(0, 'ann'), join(1, 'bob'), join(server, 'dan')]);
      const secret = fresh('secret');
      ann.rpc.provide(secret, (_data, response) => response.send('told'));
      assert.equal(await make(bob, secret), 'told');
      await assert.rejects(dan.rpc.make(secret), /MESSAGE_DENIED/);
      dan.rpc.provide(secret, () => {});
      dan.event.subscribe(secret, () => {});
      await assert.rejects(dan.presence.getAll(['ann']), /MESSAGE_DENIED/);
      assert.deepEqual(dan.errors, ['MESSAGE_DENIED', 'MESSAGE_DENIED']);
      for (const client of [ann, bob, dan]) client.leave();
    }
  });

  test('forgets what a killed server had, and works again when it is back', async () => {
    const [ann, eve] = await Promise.all([join(0, 'ann'), join(1, 'eve')]);
    const rpc = fresh('rpc');
    eve.rpc.provide(rpc, (data, response) => response.send(data));
    assert.equal(await make(ann, rpc, 1), 1);
    const provided = fresh('provided');
    const [, response] = await called((callback) => {
      ann.event.listen(`${provided}$`, callback);
      eve.event.subscribe(provided, () => {});
    });
    const stopped = called((callback) => response.onStop(callback));
    response.accept();
    const left = called((callback) => ann.presence.subscribe('eve', callback));
    await settled(ann);

    await cluster.servers[1].kill();
    await assert.rejects(ann.rpc.make(rpc, 1), /ACCEPT_TIMEOUT/); // the others have not noticed yet
    await cluster.agreed();
    assert.deepEqual(await ann.presence.getAll(['eve']), { eve: false });
    assert.deepEqual(await left, ['eve', false]);
    assert.deepEqual(await stopped, [provided]);
    await assert.rejects(ann.rpc.make(rpc, 1), /NO_RPC_PROVIDER/);
    ann.leave();
    eve.leave();
    await assertWorks(2, 0);

    await cluster.servers[1].start();
    await cluster.agreed();
    await assertWorks(0, 1);
    await assertWorks(1, 2);
  });

  test('works again after all of it was killed', async () => {
    await cluster.restart();
    await cluster.agreed();
    await assertWorks(0, 1);
    await assertWorks(1, 2);
  });
});

test('a server that starts knows nothing of the others until they give a sign of life', deadline, async () => {
  const cluster = await startCluster({ size: 2, keepAliveInterval: 4_000, deathTimeout: 30_000 });
  after(cluster.stop);
  async function join(url, username) {
    const client = new DeepstreamClient(url, { maxReconnectAttempts: 0 });
    client.on('error', () => {});
    after(() => client.close());
    await client.login({ username });
    return client;
  }
  await join(cluster.urls[0], 'ann');
  await cluster.servers[1].restart();
  const bob = await join(cluster.urls[1], 'bob');
  const joined = called((callback) => bob.presence.subscribe(callback));
  assert.deepEqual(await bob.presence.getAll(), []);
  assert.deepEqual(await joined, ['ann', true]);
});
