// What single records cost, without the network and the server.
import { payload } from './payloads.js';
import { isPing } from './subjects.js';

/** Bytes of JSON text, and how many patches and records one sample has: enough for tens of milliseconds. */
const sizes = [
  { label: '1 kB', bytes: 1000, patches: 1000, records: 500 },
  { label: '100 kB', bytes: 100_000, patches: 50, records: 20 },
];

/** A price in the middle of the record. */
const pathIn = ({ rows }) => `rows[${rows.length >> 1}].price`;

/** Who has a client, and those whose client keeps nothing in storage. */
const clients = ['wasm', 'other', 'reference'];
const writers = ['wasm', 'other', 'memory', 'reference'];

export const recordCases = [
  ...sizes.flatMap((size) => [
    patch(size, 'nobody subscribed'),
    patch(size, 'one path', (record, path, callback) => record.subscribe(path, callback)),
    patch(size, 'whole record', (record, _path, callback) => record.subscribe(callback)),
  ]),
  ...sizes.map(setPath),
  ...sizes.map(setWhole),
  ...sizes.map(getPath),
  ...sizes.map(getWhole),
];

/** Patches of somebody else come in: their frames are handed to the subject's own socket in a loop. */
function patch({ label, bytes, patches }, who, subscribe) {
  const name = `patch ${label}, ${who}`;
  return {
    name,
    measures: [name],
    subjects: clients,
    connected: true,
    async prepare(subject, server) {
      const [record] = await openRecords(subject, server, { name, count: 1, document: payload(1000, bytes) });
      const path = pathIn(record.get());
      let version = 1;
      let calls = 0;
      subscribe?.(record, path, () => (calls += 1));
      return async () => {
        const price = () => version + 0.5;
        const messages = Array.from({ length: patches }, () => {
          version += 1;
          const data = JSON.stringify(price());
          return { topic: 'RECORD', action: 'PATCH', name: record.name, version, path, data };
        });
        const { frames } = await server.load({ messages, count: 0 });
        calls = 0;
        const begin = performance.now();
        for (const data of frames) subject.socket.dispatchEvent(new MessageEvent('message', { data }));
        const milliseconds = performance.now() - begin;
        check(subject, [record.get(path), calls], [price(), subscribe ? patches : 0]);
        return { [name]: (1000 * milliseconds) / patches };
      };
    },
  };
}

/** One path of one record after another is set. */
function setPath(size) {
  return set(`set path ${size.label}`, size, (document, price) => {
    const path = pathIn(document);
    return (record) => record.set(path, price);
  });
}

/** One record after another is set to a value in which one price is another one. */
function setWhole(size) {
  return set(`set whole ${size.label}`, size, (document, price) => {
    const next = structuredClone(document);
    next.rows[next.rows.length >> 1].price = price;
    // One for each: the reference client keeps what it is given.
    const values = Array.from({ length: size.records }, () => structuredClone(next));
    return (record, index) => record.set(values[index]);
  });
}

/** While the subject's own socket takes everything; the server gets it afterwards, and answers. */
function set(name, { bytes, records: count }, prepareSet) {
  return {
    name,
    measures: [name],
    subjects: writers,
    connected: true,
    async prepare(subject, server) {
      const document = payload(1000, bytes);
      const records = await openRecords(subject, server, { name, count, document });
      const [marker] = await openRecords(subject, server, { name: `${name}, marker`, count: 1, document: {} });
      let price = 0.5;
      return async () => {
        price += 1;
        const setOne = prepareSet(document, price);
        const frames = [];
        subject.socket.send = (frame) => frames.push(frame.slice());
        const begin = performance.now();
        records.forEach(setOne);
        const milliseconds = performance.now() - begin;
        delete subject.socket.send;
        for (const frame of frames) subject.socket.send(frame);
        // Its acknowledgement comes after those of the others.
        await marker.setWithAck('price', price);
        const writes = frames.filter((frame) => !isPing(frame));
        check(subject, [records.at(-1).get(pathIn(document)), writes.length], [price, count]);
        return { [name]: (1000 * milliseconds) / count };
      };
    },
  };
}

/** A price is read again and again. */
function getPath({ label, bytes }) {
  const name = `get path ${label}`;
  return get(name, bytes, 20_000, (record, document) => {
    const path = pathIn(document);
    return () => record.get(path);
  });
}

/** All of the record is read again and again, each time as a copy that may be changed. */
function getWhole({ label, bytes, patches }) {
  return get(`get whole ${label}`, bytes, patches, (record) => () => record.get());
}

function get(name, bytes, count, prepareGet) {
  return {
    name,
    measures: [name],
    subjects: clients,
    connected: true,
    async prepare(subject, server) {
      const document = payload(1000, bytes);
      const [record] = await openRecords(subject, server, { name, count: 1, document });
      const getOne = prepareGet(record, document);
      return async () => {
        let last;
        const begin = performance.now();
        for (let index = 0; index < count; index += 1) last = getOne();
        const milliseconds = performance.now() - begin;
        check(subject, last, typeof last === 'number' ? 1000.25 : document);
        return { [name]: (1000 * milliseconds) / count };
      };
    },
  };
}

/** So many records of the subject's own. */
async function openRecords(subject, server, { name, count, document }) {
  const names = Array.from({ length: count }, (_, index) => `${name}, ${index} of ${subject.name}`);
  await server.keep({ names, data: JSON.stringify(document) });
  const records = names.map((its) => subject.client.record.getRecord(its));
  await Promise.all(records.map((record) => record.whenReady()));
  return records;
}

/** A client that is fast because it is wrong shall not look good. */
function check(subject, found, expected) {
  const [is, shouldBe] = [found, expected].map((value) => String(JSON.stringify(value)));
  if (is !== shouldBe) throw new Error(`${subject.name} has ${is.slice(0, 100)} instead of ${shouldBe.slice(0, 100)}.`);
}
