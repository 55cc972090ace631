// Users at three servers that form one cluster, whose servers are killed one by one and all together. Two hundred restarts
// take a real server too long: tests/scenarios/restarts.rs has them.
import {
  call,
  everythingWorks,
  expect,
  isAt,
  names,
  restrictive,
  soon,
  takesPart,
  test,
  wasToldTheTruth,
} from './support/cluster.mjs';

for (const [rules, permissions] of Object.entries({ open: undefined, restrictive })) {
  test(`everything works across servers, also after kills and restarts, with ${rules} rules`, async ({
    startCluster,
    joinAs,
  }) => {
    const cluster = await startCluster({ permissions });
    const members = await Promise.all(names.map((name, index) => joinAs(name, cluster.urls[index])));
    await Promise.all(members.map(takesPart));
    await everythingWorks(members, cluster.urls[1]);
    for (const killed of [[0], [1], [2], [0, 1, 2], [0, 2]]) {
      await Promise.all(killed.map((index) => cluster.servers[index].kill()));
      await Promise.all(killed.map((index) => members[index].comesTo('RECONNECTING')));
      await Promise.all(killed.map((index) => cluster.servers[index].start()));
      await everythingWorks(members, cluster.urls[killed.at(-1)]);
    }
    await cluster.agreed();
    await everythingWorks(members, cluster.urls[0]);
    await wasToldTheTruth(members);
  });
}

test('who knows all servers is at another one while theirs is away', async ({ startCluster, joinAs }) => {
  const cluster = await startCluster();
  const members = await Promise.all(names.map((name) => joinAs(name, cluster.urls)));
  await Promise.all(members.map(takesPart));
  await everythingWorks(members, cluster.urls[0]);
  for (const mover of members) {
    const left = await isAt(mover);
    const server = cluster.servers.find(({ url }) => url === left);
    await server.kill();
    for (const member of members) {
      await soon(() => isAt(member), `where ${member.name} is`).not.toBe(left);
      await member.comesTo('OPEN');
    }
    await everythingWorks(members, await isAt(mover));
    expect(server.isRunning()).toBe(false);
    await server.start();
    await cluster.agreed();
  }
  await wasToldTheTruth(members);
});

test('200 events emitted while servers come and go arrive once and in order', async ({ startCluster, joinAs }) => {
  const cluster = await startCluster();
  const [first, second, last] = cluster.servers;
  const reader = await joinAs('ann', last.url);
  const bystander = await joinAs('cat', last.url);
  const writer = await joinAs('bob', [first.url, second.url]);
  await reader.hear('news');
  await reader.isReachedBy(writer);
  const emitted = [];
  const emits = async (count) => {
    const more = Array.from({ length: count }, (_, index) => emitted.length + index);
    emitted.push(...more);
    await writer.page.evaluate((all) => all.forEach((one) => client.event.emit('news', one)), more);
  };
  const isHeard = () => soon(() => reader.heard('news'), 'what the reader heard').toEqual(emitted);

  for (let round = 0; round < 4; round += 1) {
    const left = await isAt(writer);
    const server = cluster.servers.find(({ url }) => url === left);
    await emits(20);
    await server.kill(); // with some of them on their way
    await emits(20);
    await soon(() => isAt(writer), 'where the writer is').not.toBe(left);
    await writer.comesTo('OPEN');
    await server.start();
  }
  // What the reader's server has when it dies, dies with it.
  await isHeard();
  await Promise.all([first.kill(), second.kill()]);
  await writer.comesTo('RECONNECTING');
  await emits(20);
  await last.kill();
  for (const member of [reader, bystander]) await member.comesTo('RECONNECTING');
  await emits(10);
  await last.start();
  await reader.comesTo('OPEN');
  await reader.isReachedBy(bystander);
  await Promise.all([first.start(), second.start()]);
  await emits(10);
  expect(emitted).toHaveLength(200);
  await isHeard();
  await soon(() => writer.page.evaluate(() => client.outbox.size), 'what the writer still has to send').toBe(0);
  await reader.isReachedBy(writer);
  expect(await reader.heard('news')).toEqual(emitted);
});

/** What was reported to a member, by topic and name: `['RPC MESSAGE_DENIED ann/echo']`, each once. */
async function reportedTo(member) {
  const { errors } = await member.told();
  const reports = errors.filter(({ event }) => event !== 'CONNECTION_ERROR');
  // A server that denies some of many names also denies one without a name: it reads beyond the end of its list.
  const named = reports.filter(({ message }) => message.includes(': '));
  return [...new Set(named.map(({ topic, event, message }) => `${topic} ${event} ${message.split(': ').pop()}`))].toSorted();
}

const denied = [
  'EVENT MESSAGE_DENIED ann/weather',
  'EVENT MESSAGE_DENIED secret plans',
  'EVENT MESSAGE_DENIED secret talks',
  'PRESENCE MESSAGE_DENIED eve',
  'RPC MESSAGE_DENIED ann/echo',
  'RPC MESSAGE_DENIED dan/echo too',
  'RPC MESSAGE_DENIED secret calls',
];

test('what rules deny is reported, and everything else goes on', async ({ startCluster, joinAs }) => {
  const cluster = await startCluster({ permissions: restrictive });
  // What is asked for within 20 ms goes to the server in one message: there the denied stands among the permitted.
  const dan = await joinAs('dan', cluster.urls[0], { subscriptionInterval: 20 });
  const ann = await joinAs('ann', cluster.urls[1]);
  await dan.page.evaluate(() => {
    const { event, rpc, presence } = client;
    globalThis.heard = [];
    for (const name of ['secret plans', 'news', 'secret talks', 'ann/weather']) {
      event.subscribe(name, (data) => heard.push(`${name} ${data}`));
    }
    for (const name of ['dan/echo', 'ann/echo', 'dan/echo too', 'secret calls']) rpc.provide(name, (data) => data);
    for (const pattern of ['ann/weather', 'dan/weather']) {
      event.listen(pattern, (name, { accept }) => {
        accept();
        globalThis.provide = (data) => event.emit(name, data);
      });
    }
    for (const user of ['eve', 'guest-0']) presence.subscribe(user, (who) => heard.push(`${who} came or went`));
  });
  await ann.hear('dan/weather');
  const goesOn = async (round) => {
    const isHeard = (emitter, name) =>
      soon(async () => {
        await emitter.emit(name, round);
        return dan.page.evaluate(() => heard);
      }, `whether ${name} is heard`).toContain(`${name} ${round}`);
    await isHeard(ann, 'news');
    await isHeard(ann, 'ann/weather');
    await soon(() => call(ann, 'dan/echo', round)).toBe(round);
    await soon(async () => {
      await dan.page.evaluate((data) => globalThis.provide?.(data), round);
      return ann.heard('dan/weather');
    }, 'what is provided').toContain(round);
    await dan.page.evaluate(() => client.event.emit('secret plans', 1));
    expect(await call(dan, 'secret calls')).toBe('MESSAGE_DENIED');
    const ask = (users) => dan.page.evaluate((all) => client.presence.getAll(all).catch(({ code }) => code), users);
    expect(await ask(['ann', 'eve'])).toBe('MESSAGE_DENIED');
    expect(await ask(['ann', 'guest-0'])).toEqual({ ann: true, 'guest-0': false });
    const guest = await joinAs('guest-0', cluster.urls[2]);
    await soon(() => dan.page.evaluate(() => heard)).toContain('guest-0 came or went');
    await guest.page.evaluate(() => client.close());
    await soon(() => reportedTo(dan), 'what was reported').toEqual(denied);
    await dan.page.evaluate(() => told.errors.splice(0));
  };
  await goesOn(1);
  await cluster.servers[0].kill();
  await dan.comesTo('RECONNECTING');
  await cluster.servers[0].start();
  await goesOn(2);
});
