// What it costs to keep events until the server has them.
import { watchBlocks } from './blocks.js';

/** As many as wait at the most, by default. */
const full = 10_000;

const outboxSubjects = ['wasm', 'other'];

/** Many small events, so that storage has room for them. */
const emitMany = (client, count) => {
  for (let index = 0; index < count; index += 1) client.event.emit('kept', { id: index, text: 'abcdefgh' });
};

/** Calls of `emit` while there is no connection. */
function keep(where, outbox) {
  const name = `keep in ${where}`;
  const count = 1000;
  return {
    name,
    measures: [name],
    subjects: outboxSubjects,
    connected: false,
    async prepare(subject) {
      const client = subject.create(await subject.load(), { outbox });
      // The first one finds the storage.
      emitMany(client, count);
      client.outbox.clear();
      return async () => {
        const begin = performance.now();
        emitMany(client, count);
        const milliseconds = performance.now() - begin;
        checkSize(client, count);
        client.outbox.clear();
        return { [name]: (1000 * milliseconds) / count };
      };
    },
  };
}

/** A full outbox is sent: from the call of `resume` until the server has confirmed the last one. */
const flush = {
  name: 'flush 10 000',
  measures: ['flush 10 000'],
  subjects: outboxSubjects,
  connected: false,
  async prepare(subject) {
    const client = subject.create(await subject.load());
    await client.login();
    return async () => {
      client.pause();
      emitMany(client, full);
      checkSize(client, full);
      const begin = performance.now();
      await client.resume();
      await client.outbox.flush();
      const milliseconds = performance.now() - begin;
      checkSize(client, 0);
      return { 'flush 10 000': (1000 * milliseconds) / full };
    };
  },
};

const login = 'start with 10 000 waiting, to login';
const sent = 'start with 10 000 waiting, to all sent';
const longest = 'start with 10 000 waiting, longest block';

/** A page opens where another one has left a full outbox. */
const start = {
  name: 'start with 10 000 waiting',
  measures: [login, sent, longest],
  subjects: outboxSubjects,
  connected: false,
  async prepare(subject) {
    const DeepstreamClient = await subject.load();
    // So that it is known whose they are.
    const before = subject.create(DeepstreamClient);
    await before.login();
    before.pause();
    emitMany(before, full);
    checkSize(before, full);
    before.close();
    return async () => {
      const blocks = watchBlocks();
      const begin = performance.now();
      const client = subject.create(DeepstreamClient);
      let count = 0;
      const allSent = new Promise((resolve) => {
        client.outbox.on('sent', (entries) => {
          count += entries.length;
          if (count === full) resolve();
        });
      });
      await client.login();
      const open = performance.now();
      await allSent;
      const end = performance.now();
      return { [login]: 1000 * (open - begin), [sent]: 1000 * (end - begin), [longest]: 1000 * blocks.end() };
    };
  },
};

function checkSize({ outbox }, expected) {
  if (outbox.size !== expected) throw new Error(`${outbox.size} wait, not ${expected}.`);
}

/** What of it is the browser's: the same texts under the same keys. */
const setItem = {
  name: 'keep in localStorage, setItem alone',
  measures: ['keep in localStorage, setItem alone'],
  subjects: outboxSubjects,
  connected: false,
  async prepare(subject) {
    const count = 1000;
    const client = subject.create(await subject.load());
    emitMany(client, count);
    const items = Object.entries(localStorage).map((texts) => texts.map((text) => new TextEncoder().encode(text)));
    client.outbox.clear();
    return async () => {
      // New strings each time, as they come from a module: browsers are faster with those they have seen.
      const decoder = new TextDecoder();
      const begin = performance.now();
      for (const [key, value] of items) localStorage.setItem(decoder.decode(key), decoder.decode(value));
      const milliseconds = performance.now() - begin;
      localStorage.clear();
      return { 'keep in localStorage, setItem alone': (1000 * milliseconds) / items.length };
    };
  },
};

export const outboxCases = [setItem, keep('localStorage', {}), keep('memory', { storage: 'memory' }), flush, start];
