// The `test` of test.mjs with clusters of servers, users at each of them, and an eye on what they say to their servers.
import { EVENT_ACTION, PRESENCE_ACTION, RPC_ACTION, TOPIC } from '@deepstream/protobuf/dist/types/all.js';
import { parse } from '@deepstream/protobuf/dist/src/message-parser.js';
import { startCluster } from '../../harness/cluster.mjs';
import { expect, test as base } from './test.mjs';
import { Visitor } from './visitor.mjs';

export { expect };

/** Users who take part. */
export const names = ['ann', 'bob', 'cat'];
const guests = Array.from({ length: 20 }, (_, index) => `guest-${index}`);
const users = Object.fromEntries(
  [...names, ...guests, 'dan', 'eve'].map((id) => [id, { password: `${id}'s`, clientData: { id } }]),
);

/** Nobody may do anything but what {@link test}'s users have to do. */
export const restrictive = {
  event: {
    '*': { publish: false, subscribe: false, listen: false },
    news: { publish: true, subscribe: true },
    '$user/weather': {
      publish: 'user.id === $user',
      subscribe: true,
      listen: 'user.id === $user',
    },
  },
  rpc: {
    '*': { provide: false, request: false },
    '$user/echo': { provide: 'user.id === $user', request: true },
  },
  presence: { eve: { allow: "user.id === 'eve'" } },
};

/** What a client may say of a name once in a session. */
const onceInASession = {
  [TOPIC.EVENT]: [EVENT_ACTION.SUBSCRIBE, EVENT_ACTION.LISTEN],
  [TOPIC.RPC]: [RPC_ACTION.PROVIDE],
  [TOPIC.PRESENCE]: [PRESENCE_ACTION.SUBSCRIBE, PRESENCE_ACTION.SUBSCRIBE_ALL],
};

/** A server's word for having been told twice. */
const complaints = {
  [TOPIC.EVENT]: [EVENT_ACTION.MULTIPLE_SUBSCRIPTIONS],
  [TOPIC.RPC]: [RPC_ACTION.MULTIPLE_PROVIDERS],
  [TOPIC.PRESENCE]: [PRESENCE_ACTION.MULTIPLE_SUBSCRIPTIONS],
};

export const test = base.extend({
  startCluster: async ({}, use) => {
    const started = [];
    await use(async (options) => {
      const cluster = await startCluster({
        users,
        // Who calls a provider whose server was killed, learns that soon.
        rpc: { ackTimeout: 300 },
        // Whom to ask for what is subscribed to, servers forget while the one that leads them is dead and not given up;
        // it comes back to them at this interval (30 s by default).
        listen: { rematchInterval: 1_500 },
        ...options,
      });
      started.push(cluster);
      return cluster;
    });
    await Promise.all(started.map((cluster) => cluster.stop()));
  },

  /** Opens a page whose client is logged in under this name at one of the servers of `url`. */
  joinAs: async ({ openPage, site }, use) =>
    use(async (name, url, options) => {
      const member = new Visitor(await openPage(`${site.url}/index.html`));
      member.name = name;
      member.sessions = listenIn(member.page);
      await member.connect({ url }, options);
      await logsIn(member);
      return member;
    }),
});

export async function logsIn(member) {
  const { name } = member;
  expect(await member.login({ username: name, password: `${name}'s` })).toEqual({ data: { id: name } });
}

/** Notes for each session of the page how often names were asked for, and what the server complained about. */
function listenIn(page) {
  const sessions = [];
  page.on('websocket', (socket) => {
    const session = { asked: {}, complaints: [] };
    sessions.push(session);
    socket.on('framesent', ({ payload }) => {
      for (const { topic, action, names: bulk, name } of messagesIn(payload)) {
        if (!onceInASession[topic]?.includes(action)) continue;
        for (const each of bulk?.length ? bulk : [name || 'all']) {
          const request = `${topic} ${action} ${each}`;
          session.asked[request] = (session.asked[request] ?? 0) + 1;
        }
      }
    });
    socket.on('framereceived', ({ payload }) => {
      for (const { topic, action, name } of messagesIn(payload)) {
        if (complaints[topic]?.includes(action)) session.complaints.push(`${topic} ${action} ${name}`);
      }
    });
  });
  return sessions;
}

/** All messages of a frame: each is preceded by its length, a number of seven bits per byte, the lowest first. */
function messagesIn(frame) {
  const messages = [];
  for (let start = 0; start < frame.length;) {
    let end = start;
    let length = 0;
    let shift = 0;
    do {
      length += (frame[end] & 0x7f) * 2 ** shift;
      shift += 7;
    } while (frame[end++] & 0x80);
    end += length;
    messages.push(...parse(frame.subarray(start, end)));
    start = end;
  }
  return messages;
}

/** Nothing was asked for twice in any session, and in the last one everything that was in the first. */
export function askedForEverythingOnce({ name, sessions }) {
  const logged = sessions.filter(({ asked }) => Object.keys(asked).length > 0);
  expect(logged.length, `sessions of ${name}`).toBeGreaterThan(0);
  for (const { asked, complaints: heard } of logged) {
    expect(heard, `complaints about ${name}`).toEqual([]);
    const repeated = Object.entries(asked).filter(([, times]) => times > 1);
    expect(repeated, `what ${name} asked for twice in one session`).toEqual([]);
  }
  const { asked: first } = logged[0];
  const { asked: last } = logged.at(-1);
  expect(last, `what ${name} asked for in its last session`).toEqual(first);
}

/** Has a member subscribe, listen, provide and watch; what it hears stands in `part`. */
export async function takesPart(member) {
  const others = names.filter((name) => name !== member.name);
  await member.page.evaluate(
    ([me, rest]) => {
      const { event, rpc, presence } = client;
      const wanted = new Set();
      globalThis.part = {
        news: [],
        weather: [],
        presence: [],
        offers: [],
        wanted,
      };
      event.subscribe('news', (data) => part.news.push(data));
      for (const other of rest) event.subscribe(`${other}/weather`, (data) => part.weather.push(data));
      event.listen(`${me}/weather`, (name, { accept, onStop }) => {
        part.offers.push(`+${name}`);
        wanted.add(name);
        onStop(() => {
          part.offers.push(`-${name}`);
          wanted.delete(name);
        });
        accept();
      });
      rpc.provide(`${me}/echo`, (data) => `${me} heard ${data}`);
      const note = (kind) => (user, online) => part.presence.push([kind, user, online]);
      presence.subscribe(note('all'));
      for (const other of rest) presence.subscribe(other, note('one'));
    },
    [member.name, others],
  );
}

/** The URL of the server where a member is. */
export const isAt = ({ page }) => page.evaluate(() => client.connection.url);

let proofs = 0;

/** Like `expect.poll`, for what is expected soon. */
export const soon = (read, message) => expect.poll(read, { message, intervals: [20, 50, 100] });

/** Waits until what one emits reaches the other. */
async function isHeard(from, to) {
  const emit = async () => {
    const data = `${from.name} ${(proofs += 1)}`;
    await from.emit('news', data);
    return to.page.evaluate((me) => part.news.findLast((one) => one.startsWith(me))?.slice(me.length + 1), from.name);
  };
  const before = proofs;
  await soon(async () => Number(await emit()), `what ${to.name} hears of ${from.name}`).toBeGreaterThan(before);
}

/** Waits until what one provides to subscribers reaches the other. */
async function isProvided(from, to) {
  const data = `${from.name}'s ${(proofs += 1)}`;
  const prove = async () => {
    await from.page.evaluate((given) => part.wanted.forEach((name) => client.event.emit(name, given)), data);
    return to.page.evaluate((given) => part.weather.includes(given), data);
  };
  await soon(prove, `whether ${to.name} gets what ${from.name} provides`).toBe(true);
}

/** Makes a call, and gives its result or the code of its error. */
export const call = ({ page }, name, data) =>
  page.evaluate(([procedure, given]) => client.rpc.make(procedure, given).catch(({ code }) => code), [name, data]);

async function answers(from, to) {
  const data = (proofs += 1);
  await soon(() => call(to, `${from.name}/echo`, data)).toBe(`${from.name} heard ${data}`);
}

async function seesAll(member) {
  const ask = () => member.page.evaluate((all) => client.presence.getAll(all), names);
  await soon(ask, `whom ${member.name} sees`).toEqual(Object.fromEntries(names.map((name) => [name, true])));
}

let guestsSoFar = 0;

/** A user comes by in the page of one of the members, who is at `url`, and all are told. */
async function isNoticed(members, host, url) {
  const guest = guests[guestsSoFar++ % guests.length];
  const before = await Promise.all(members.map(({ page }) => page.evaluate(() => part.presence.length)));
  const toldAll = (expected) =>
    Promise.all(
      members.map(({ name, page }, index) => {
        const told = () =>
          page.evaluate(
            ([user, from]) => part.presence.slice(from).flatMap(([, who, online]) => (who === user ? [online] : [])),
            [guest, before[index]],
          );
        return soon(told, `what ${name} is told of ${guest}`).toEqual(expected);
      }),
    );
  await host.page.evaluate(
    async ([address, username]) => {
      const { DeepstreamClient } = await import('/pkg/index.mjs');
      globalThis.guest = new DeepstreamClient(address);
      guest.on('error', () => {});
      await guest.login({ username, password: `${username}'s` });
    },
    [url, guest],
  );
  await toldAll([true]);
  await host.page.evaluate(() => guest.close());
  await toldAll([true, false]);
}

/** Waits until everybody's everything reaches everybody else; a guest comes by at `guestUrl`. */
export async function everythingWorks(members, guestUrl) {
  const pairs = members.flatMap((from) => members.filter((to) => to !== from).map((to) => [from, to]));
  const checks = [isHeard, isProvided, answers];
  await Promise.all(pairs.flatMap(([from, to]) => checks.map((check) => check(from, to))));
  await Promise.all(members.map(seesAll));
  await isNoticed(members, members[0], guestUrl);
}

/** Checks what must be true of each member at the end of everything. */
export async function wasToldTheTruth(members) {
  for (const member of members) {
    askedForEverythingOnce(member);
    const { errors } = await member.told();
    expect(new Set(errors.map(({ topic, event }) => `${topic} ${event}`).concat('CONNECTION CONNECTION_ERROR'))).toEqual(
      new Set(['CONNECTION CONNECTION_ERROR']),
    );
    const { news, presence, offers } = await member.page.evaluate(() => ({
      ...part,
      wanted: undefined,
    }));
    expect(new Set(news).size, 'different news').toBe(news.length);
    for (const other of new Set(presence.map(([, user]) => user))) {
      for (const kind of ['all', 'one']) {
        const told = presence.filter(([k, user]) => k === kind && user === other).map(([, , online]) => online);
        const repeated = told.filter((online, index) => online === told[index - 1]);
        expect(repeated, `what ${member.name} was told of ${other} twice in a row (${kind}: ${told})`).toEqual([]);
        if (names.includes(other) && told.length > 0) expect(told.at(-1)).toBe(true);
      }
    }
    const repeatedOffers = offers.filter((offer, index) => offer === offers[index - 1]);
    expect(repeatedOffers, `offers to ${member.name} (${offers})`).toEqual([]);
    expect(offers.at(-1)).toBe(`+${member.name}/weather`);
  }
}
