// What a page pays for all that a client does about an operation, its return, its storage and its confirmation included.
import { echoRequest } from './collection.js';
import { mainThreadTime } from './main-thread.js';
import { payload } from './payloads.js';

/** Each case is measured with this many operations, and with `growth` times as many. */
export const growth = 4;

const clients = ['wasm', 'other', 'reference'];
/** How many different payloads take turns. */
const variety = 16;

export const taskCases = [
  ...emit({ perTask: 500 }),
  ...emit({ perTask: 1 }),
  ...emit({ perTask: 1, isKept: true }),
  ...setPath({ perTask: 20 }),
  ...setPath({ perTask: 1 }),
  ...setPath({ perTask: 20, isKept: true }),
  ...setPath({ perTask: 1, isKept: true }),
  ...subscribe(),
  ...resubscribe(),
  ...rpc(),
  ...setWithAck(),
  ...eventEcho(),
];

/**
 * The same case with few and with many operations.
 * @param {object} description
 * @param {string} description.title
 * @param {number} description.few how many operations are few
 * @param {boolean} [description.usesCollection]
 * @param {(subject, server, collection, count: number) => Promise<{ before?, work, after? }>} description.prepare
 *   `work` is what is measured; `before` and `after` set up each sample, and check what has come of it
 */
function atTwoSizes({ title, few, usesCollection, prepare }) {
  return [few, growth * few].map((count) => {
    const name = `${title}, ${count}`;
    return {
      name,
      title,
      count,
      measures: [name],
      subjects: clients,
      connected: true,
      usesCollection,
      async prepare(subject, server, collection) {
        const { before, work, after } = await prepare(subject, server, collection, count);
        return async () => {
          await before?.();
          const milliseconds = await mainThreadTime(work);
          await after?.();
          return { [name]: (1000 * milliseconds) / count };
        };
      },
    };
  });
}

/**
 * Until the server has all events, and the client knows. Where each `isKept`, the page does for the reference client what this
 * one does by itself, in the shortest way there is: the event is in localStorage when its task ends, and leaves in the end.
 */
function emit({ perTask, isKept }) {
  const title = `emit 200 B, ${perTask} per task${isKept ? ', kept' : ''}`;
  return atTwoSizes({
    title,
    few: 2500,
    async prepare(subject, server, _collection, count) {
      const { client, name: from } = subject;
      const payloads = Array.from({ length: variety }, (_, index) => payload(1000 + index, 200));
      const messages = payloads.map((data) => ({ topic: 'EVENT', action: 'EMIT', name: title, data: JSON.stringify(data) }));
      return {
        before: () => server.expect({ from, messages, count }),
        async work() {
          const keeps = isKept && from === 'reference';
          await inTasks(count, perTask, (index) => {
            const data = payloads[index % variety];
            if (keeps) localStorage.setItem(`kept/${index}`, JSON.stringify(data));
            client.event.emit(title, data);
          });
          await server.arrived({ from });
          await subject.drained();
          for (let index = 0; keeps && index < count; index += 1) localStorage.removeItem(`kept/${index}`);
        },
        after: () => server.expectNothing({ from }),
      };
    },
  });
}

/**
 * One price of one record after another is set, until the server has all of them, and the client knows. Where each `isKept`, the
 * reference client asks for acknowledgements as this one does, and the page has what a task sets in localStorage until it has them.
 */
function setPath({ perTask, isKept }) {
  const title = `set path 1 kB, ${perTask} per task${isKept ? ', kept' : ''}`;
  return atTwoSizes({
    title,
    few: 500,
    async prepare(subject, server, _collection, count) {
      const from = subject.name;
      const document = payload(1000, 1000);
      const path = priceIn(document);
      const names = Array.from({ length: count }, (_, index) => `${title}, ${index} of ${count} of ${from}`);
      await server.keep({ names, data: JSON.stringify(document) });
      const records = names.map((name) => subject.client.record.getRecord(name));
      await Promise.all(records.map((record) => record.whenReady()));
      let version = 1;
      return {
        async before() {
          version += 1;
          const fields = { topic: 'RECORD', action: 'PATCH', version, path, data: JSON.stringify(version + 0.5) };
          await server.expect({ from, messages: names.map((name) => ({ ...fields, name })), count });
        },
        async work() {
          if (isKept && from === 'reference') return setAndKeep({ records, path, value: version + 0.5, perTask });
          await inTasks(count, perTask, (index) => records[index].set(path, version + 0.5));
          await server.arrived({ from });
          await subject.drained();
        },
        after: () => server.expectNothing({ from }),
      };
    },
  });
}

async function setAndKeep({ records, path, value, perTask }) {
  const acknowledged = [];
  let task = [];
  await inTasks(records.length, perTask, (index) => {
    const record = records[index];
    task.push({ name: record.name, path, value });
    if (task.length === perTask) {
      localStorage.setItem(`kept/${index}`, JSON.stringify(task));
      task = [];
    }
    acknowledged.push(record.setWithAck(path, value));
  });
  await Promise.all(acknowledged);
  for (let index = perTask - 1; index < records.length; index += perTask) localStorage.removeItem(`kept/${index}`);
}

/** Many events are subscribed to in one task, until all of it is acknowledged. */
function subscribe() {
  return atTwoSizes({
    title: 'subscribe',
    few: 2500,
    async prepare(subject, server, _collection, count) {
      const subscriptions = await prepareSubscriptions(subject, server, 'subscribe', count);
      return {
        async work() {
          subscriptions.begin();
          await subscriptions.acknowledged();
        },
        after: subscriptions.end,
      };
    },
  });
}

/** The connection is dropped while many events are subscribed to: from there until all of it is acknowledged again. */
function resubscribe() {
  return atTwoSizes({
    title: 'restore subscriptions',
    few: 2500,
    async prepare(subject, server, _collection, count) {
      // How long it waits before it dials is not what is measured, nor what the browser does meanwhile.
      const options = { reconnectIntervalIncrement: 200, maxReconnectInterval: 200 };
      const name = `${subject.name}-${count}`;
      const client = subject.create(await subject.load(), options, `${server.url}/${name}`);
      client.on('error', () => {}); // of a connection that fails on purpose
      await client.login();
      const subscriptions = await prepareSubscriptions({ client, name }, server, 'restore', count);
      return {
        async before() {
          subscriptions.begin();
          await subscriptions.acknowledged();
        },
        async work() {
          await server.drop({ of: name });
          await subscriptions.acknowledged();
        },
        after: subscriptions.end,
      };
    },
  });
}

async function prepareSubscriptions({ client, name: from }, server, prefix, count) {
  const names = Array.from({ length: count }, (_, index) => `${prefix} ${index} of ${count}`);
  const message = (index) => ({ topic: 'EVENT', action: 'EMIT', name: names[index], data: String(index) });
  const { burst: last } = await server.load({ messages: [message(count - 1)], count: 1 });
  const { burst: all } = await server.load({ messages: names.map((_, index) => message(index)), count });
  let heard;
  let onEvent = () => {};
  const callbacks = names.map((_, index) => (data) => {
    heard.push([index, data]);
    onEvent();
  });
  const playUntil = async (burst, isOver) => {
    heard = [];
    const over = new Promise((resolve) => {
      onEvent = () => isOver() && resolve();
    });
    await server.play({ burst, to: from });
    await over;
  };
  return {
    begin() {
      names.forEach((name, index) => client.event.subscribe(name, callbacks[index]));
    },
    /** What the server sends after its acknowledgements comes in after them. */
    async acknowledged() {
      await server.subscribedTo({ from, count });
      await playUntil(last, () => true);
    },
    /** Checks that all are there, and takes them back. */
    async end() {
      await playUntil(all, () => heard.length >= count);
      const wrong = heard.findIndex(([index, data], place) => index !== place || data !== place);
      if (wrong !== -1) throw new Error(`${from} handed out ${heard[wrong]} as event ${wrong}.`);
      names.forEach((name, index) => client.event.unsubscribe(name, callbacks[index]));
      await server.subscribedTo({ from, count: 0 });
    },
  };
}

/** Calls that are all open at the same time, until all are answered. */
function rpc() {
  return atTwoSizes({
    title: 'concurrent rpc',
    few: 5000,
    async prepare({ client, name }, _server, _collection, count) {
      let answers;
      return {
        async work() {
          answers = await Promise.all(Array.from({ length: count }, (_, id) => client.rpc.make('echo', { id })));
        },
        after() {
          const wrong = answers.findIndex(({ id }, index) => id !== index);
          if (wrong !== -1) throw new Error(`${name} has the answer ${JSON.stringify(answers[wrong])} to call ${wrong}.`);
        },
      };
    },
  });
}

/** One acknowledged write after the other, to a real server. */
function setWithAck() {
  return atTwoSizes({
    title: 'setWithAck, one by one',
    few: 150,
    usesCollection: true,
    async prepare(subject, _server, collection, count) {
      const client = await logIn(subject, collection);
      const document = payload(1000, 1000);
      const path = priceIn(document);
      const name = `set with ack, ${count}, ${client.getUid()}`;
      const record = client.record.getRecord(name);
      await record.whenReady();
      await record.setWithAck(document);
      let price = 0.5;
      let before;
      return {
        async before() {
          before = await collection.read(name);
        },
        async work() {
          for (let index = 0; index < count; index += 1) {
            price += 1;
            await record.setWithAck(path, price);
          }
        },
        async after() {
          const { version, data } = await collection.read(name);
          check(subject, [version, data.rows[data.rows.length >> 1].price], [before.version + count, price]);
        },
      };
    },
  });
}

/** One event after the other goes out over a real server, and somebody else emits what it says. */
function eventEcho() {
  return atTwoSizes({
    title: 'event echo, one by one',
    few: 150,
    usesCollection: true,
    async prepare(subject, _server, collection, count) {
      const client = await logIn(subject, collection);
      const payloads = Array.from({ length: variety }, (_, index) => payload(1000 + index, 200));
      const answerTo = `echo, ${count}, ${client.getUid()}`;
      let onAnswer;
      client.event.subscribe(answerTo, (data) => onAnswer(data));
      const ask = (data) =>
        new Promise((resolve) => {
          onAnswer = resolve;
          client.event.emit(echoRequest, { answerTo, data });
        });
      await untilSubscribed(client, answerTo, (listener) => (onAnswer = listener));
      let answers;
      return {
        async before() {
          answers = [];
        },
        async work() {
          for (let index = 0; index < count; index += 1) answers.push(await ask(payloads[index % variety]));
          await client.outbox?.flush();
        },
        after: () => check(subject, answers, Array.from({ length: count }, (_, index) => payloads[index % variety])),
      };
    },
  });
}

/** Clients take their time to tell the server of a subscription: asks until somebody answers, and until all have. */
async function untilSubscribed(client, answerTo, setListener) {
  const ask = (data) => client.event.emit(echoRequest, { answerTo, data });
  const answered = (wanted) => new Promise((resolve) => setListener((data) => data === wanted && resolve()));
  const first = answered('first');
  const timer = setInterval(() => ask('first'), 50);
  await first;
  clearInterval(timer);
  const last = answered('last');
  ask('last');
  await last;
}

async function logIn(subject, { url }) {
  const client = subject.create(await subject.load(), {}, url);
  await client.login();
  return client;
}

/** A price in the middle of the record. */
const priceIn = ({ rows }) => `rows[${rows.length >> 1}].price`;

/** So many calls in each task of the page. */
async function inTasks(count, perTask, act) {
  const { port1, port2 } = new MessageChannel();
  const nextTask = () =>
    new Promise((resolve) => {
      port1.onmessage = resolve;
      port2.postMessage(null);
    });
  for (let index = 0; index < count; index += 1) {
    if (index % perTask === 0) await nextTask();
    act(index);
  }
  port1.close();
}

/** A client that is fast because it is wrong shall not look good. */
function check(subject, found, expected) {
  const [is, shouldBe] = [found, expected].map((value) => String(JSON.stringify(value)));
  if (is !== shouldBe) throw new Error(`${subject.name} has ${is.slice(0, 100)} instead of ${shouldBe.slice(0, 100)}.`);
}
