// What many records cost, with a real server: see ../collection.mjs.
import { watchBlocks } from './blocks.js';

const title = '5 000 records';
const opened = `open ${title}`;
const block = `open ${title}, longest block`;
const memory = `memory of ${title}`;
const again = `re-open ${title}, none changed`;
const againSent = `${again}, sent`;
const againReceived = `${again}, received`;
const changed = `re-open ${title}, all changed`;
const changedSent = `${changed}, sent`;
const changedReceived = `${changed}, received`;

/** Milliseconds without a frame after which nothing more is expected. */
const quietMs = 500;

export const collectionCases = [
  {
    name: memory,
    measures: [memory],
    units: { [memory]: 'bytes' },
    subjects: ['wasm', 'other', 'reference'],
    connected: false,
    usesCollection: true,
    async prepare(subject, _server, collection) {
      const wasm = watchWebAssembly();
      const { client } = await logIn(subject, collection);
      return async () => {
        const before = await usedBytes(wasm);
        const records = await openAll(client, collection);
        const after = await usedBytes(wasm);
        if (records.at(-1).version < 1) throw new Error(`${subject.name} has a record of version ${records.at(-1).version}.`);
        return { [memory]: after - before };
      };
    },
  },
  {
    name: `open and re-open ${title}`,
    measures: [opened, block, again, againSent, againReceived, changed, changedSent, changedReceived],
    units: { [againSent]: 'bytes', [againReceived]: 'bytes', [changedSent]: 'bytes', [changedReceived]: 'bytes' },
    subjects: ['wasm', 'other', 'reference'],
    connected: false,
    usesCollection: true,
    async prepare(subject, _server, collection) {
      const traffic = countTraffic();
      const session = await logIn(subject, collection);
      return async () => {
        const blocks = watchBlocks();
        const begin = performance.now();
        const records = await openAll(session.client, collection);
        const openedAt = performance.now();
        const longestBlock = blocks.end();
        const news = watchChanges(records);

        await session.lose();
        traffic.forget();
        await collection.network('none');
        const restoredAt = await session.open();
        const settledAt = await traffic.quiet();
        const unchanged = traffic.counts();
        // Whoever is not subscribed again would not hear of this.
        await news.everywhere(await collection.change());

        await session.lose();
        traffic.forget();
        const text = await collection.change();
        await collection.network('none');
        const changedOpenAt = await session.open();
        const changedAt = await news.everywhere(text);
        await traffic.quiet();
        const afterChange = traffic.counts();
        return {
          [opened]: 1000 * (openedAt - begin),
          [block]: 1000 * longestBlock,
          [again]: 1000 * (settledAt - restoredAt),
          [againSent]: unchanged.sent,
          [againReceived]: unchanged.received,
          [changed]: 1000 * (changedAt - changedOpenAt),
          [changedSent]: afterChange.sent,
          [changedReceived]: afterChange.received,
        };
      };
    },
  },
];

/** A client of the subject at the real server, whose connection can be lost. */
async function logIn(subject, { url, network }) {
  // How long it waits before it dials is not what is measured.
  const options = { reconnectIntervalIncrement: 200, maxReconnectInterval: 200 };
  const client = subject.create(await subject.load(), options, url);
  client.on('error', () => {}); // of a connection that fails on purpose
  let openAt;
  client.on('connectionStateChanged', (state) => {
    openAt = state === 'OPEN' ? performance.now() : undefined;
  });
  await client.login();
  return {
    client,
    async lose() {
      await network('refuse');
      await until(() => openAt === undefined, `${subject.name} has lost its connection`);
    },
    async open() {
      await until(() => openAt !== undefined, `${subject.name} is OPEN again`);
      return openAt;
    },
  };
}

async function openAll(client, { names }) {
  const records = names.map((name) => client.record.getRecord(name));
  await Promise.all(records.map((record) => record.whenReady()));
  return records;
}

/** Subscribes to what is changed. The reference client also calls its subscribers when nothing is. */
function watchChanges(records) {
  const texts = new Map();
  const counts = new Map();
  const times = new Map();
  for (const record of records) {
    record.subscribe('t', (text) => {
      if (texts.get(record) === text) return;
      texts.set(record, text);
      counts.set(text, (counts.get(text) ?? 0) + 1);
      times.set(text, performance.now());
    });
  }
  return {
    /** When the last of the records had this text. */
    async everywhere(text) {
      await until(() => counts.get(text) === records.length, `all ${records.length} records have "${text}"`);
      return times.get(text);
    },
  };
}

/** Counts what goes over all sockets that are made from now on. */
function countTraffic() {
  let sent = 0;
  let received = 0;
  let lastAt = performance.now();
  // What is posted while a frame is handed out arrives when it was dealt with.
  const channel = new MessageChannel();
  channel.port1.onmessage = () => (lastAt = performance.now());
  globalThis.WebSocket = class extends WebSocket {
    constructor(...parameters) {
      super(...parameters);
      this.addEventListener('message', ({ data }) => {
        received += data.byteLength;
        channel.port2.postMessage(null);
      });
    }

    send(frame) {
      sent += frame.byteLength;
      super.send(frame);
    }
  };
  return {
    forget() {
      sent = 0;
      received = 0;
    },
    counts: () => ({ sent, received }),
    /** When the last frame was dealt with, once no more come. */
    async quiet() {
      await until(() => received > 0 && performance.now() - lastAt > quietMs, 'it is quiet');
      return lastAt;
    },
  };
}

/** Notes the memories of WebAssembly modules that are made from now on. */
function watchWebAssembly() {
  const memories = [];
  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct(target, parameters) {
      const instance = Reflect.construct(target, parameters);
      memories.push(...Object.values(instance.exports).filter((value) => value instanceof WebAssembly.Memory));
      return instance;
    },
  });
  return { bytes: () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) };
}

/** What is left when all garbage is gone. Exposed by flags of the browser. */
async function usedBytes(wasm) {
  for (let times = 0; times < 3; times += 1) await globalThis.gc({ type: 'major', execution: 'async' });
  return performance.memory.usedJSHeapSize + wasm.bytes();
}

async function until(isMet, what) {
  const deadline = performance.now() + 60_000;
  while (!isMet()) {
    if (performance.now() > deadline) throw new Error(`After a minute it is not so that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
