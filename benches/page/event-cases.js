import { payload } from './payloads.js';
import { isPing } from './subjects.js';

/** Bytes of JSON text, and how many events one sample has: enough for tens of milliseconds. */
const sizes = [
  { label: '20 B', bytes: 20, count: 4000 },
  { label: '200 B', bytes: 200, count: 4000 },
  // No more than fits into an outbox.
  { label: '10 kB', bytes: 10_000, count: 300 },
];

/** The most that a client sends before the server has confirmed anything: events, and bytes. */
const unconfirmed = 1000;
const unconfirmedBytes = 60_000;

/** How many different payloads take turns. */
const variety = 16;

export const eventCases = [
  ...sizes.map(receive),
  ...sizes.map(receiveAlone),
  ...sizes.map(emit),
  ...sizes.map((size) => emitAlone(size)),
  ...sizes.map((size) => emitAlone(size, { delivery: 'memory' })),
  roundTrip(sizes[1]),
];

/** A burst comes in over the network: from the first callback to the last. */
function receive({ label, bytes, count }) {
  const name = `receive ${label}`;
  return {
    name,
    measures: [name],
    connected: true,
    async prepare(subject, server) {
      const { payloads, messages } = events(name, bytes);
      const { burst } = await server.load({ messages, count });
      const counter = countCalls();
      return async () => {
        await subject.onEvent(name, counter.callback);
        const finished = counter.expect(count);
        await server.play({ burst, to: subject.name });
        const { milliseconds, last } = await finished;
        check(subject, last, payloads[(count - 1) % variety]);
        return { [name]: (1000 * milliseconds) / (count - 1) };
      };
    },
  };
}

/** The same frames, handed to the subject's own socket in a loop: no network, no other process. */
function receiveAlone({ label, bytes, count }) {
  const name = `receive ${label} alone`;
  return {
    name,
    measures: [name],
    connected: true,
    async prepare(subject, server) {
      const { payloads, messages } = events(name, bytes);
      const { frames } = await server.load({ messages, count: 0 });
      const counter = countCalls();
      return async () => {
        await subject.onEvent(name, counter.callback);
        const finished = counter.expect(count);
        const begin = performance.now();
        for (let index = 0; index < count; index += 1) {
          subject.socket.dispatchEvent(new MessageEvent('message', { data: frames[index % variety] }));
        }
        const milliseconds = performance.now() - begin;
        check(subject, (await finished).last, payloads[(count - 1) % variety]);
        return { [name]: (1000 * milliseconds) / count };
      };
    },
  };
}

/** A burst goes out: until the calls have returned, and until the server has all of it. */
function emit({ label, bytes, count }) {
  const name = `emit ${label}`;
  const arrival = `${name} arrived`;
  return {
    name,
    measures: [name, arrival],
    connected: true,
    async prepare(subject, server) {
      const emitters = await prepareEmitters(name, bytes, subject, server);
      return async () => {
        await server.count({ from: subject.name, frames: count });
        const begin = performance.now();
        for (let index = 0; index < count; index += 1) emitters[index % variety]();
        const returned = performance.now();
        await server.counted({ from: subject.name });
        const arrived = performance.now();
        await subject.drained();
        return { [name]: (1000 * (returned - begin)) / count, [arrival]: (1000 * (arrived - begin)) / count };
      };
    },
  };
}

/** The same calls while the subject's own socket takes everything and does nothing. */
function emitAlone({ label, bytes, count: most }, options) {
  const name = `emit ${label} alone${options ? ', in memory' : ''}`;
  const count = Math.min(most, unconfirmed, unconfirmedBytes / bytes);
  return {
    name,
    measures: [name],
    // A WebSocket without its `send` would be an empty loop.
    subjects: ['wasm', 'other', 'reference', 'parsing'],
    connected: true,
    async prepare(subject, server) {
      const emitters = await prepareEmitters(name, bytes, subject, server, options);
      return async () => {
        let sentBytes = 0;
        const pings = [];
        subject.socket.send = (frame) => {
          sentBytes += frame.byteLength;
          if (isPing(frame)) pings.push(frame.slice());
        };
        const begin = performance.now();
        for (let index = 0; index < count; index += 1) emitters[index % variety]();
        const milliseconds = performance.now() - begin;
        delete subject.socket.send;
        // Without their answers a client would not take anything as sent.
        for (const ping of pings) subject.socket.send(ping);
        await subject.drained();
        if (sentBytes < count * bytes) throw new Error(`${subject.name} sent ${sentBytes} bytes only.`);
        return { [name]: (1000 * milliseconds) / count };
      };
    },
  };
}

/** One event after the other goes to the server and comes back. */
function roundTrip({ label, bytes }) {
  const name = `round trip ${label}`;
  const count = 200;
  return {
    name,
    measures: [name],
    connected: true,
    async prepare(subject, server) {
      const emitters = await prepareEmitters(name, bytes, subject, server);
      let sent = false;
      let back;
      return async () => {
        await subject.onEvent(name, () => {
          // A client also calls its own subscribers, while it emits.
          if (sent) back();
        });
        await server.echo({ from: subject.name, enabled: true });
        const begin = performance.now();
        for (let index = 0; index < count; index += 1) {
          sent = false;
          emitters[index % variety]();
          sent = true;
          await new Promise((resolve) => (back = resolve));
        }
        const milliseconds = performance.now() - begin;
        await subject.drained();
        await server.echo({ from: subject.name, enabled: false });
        return { [name]: (1000 * milliseconds) / count };
      };
    },
  };
}

/** One function per payload. */
async function prepareEmitters(name, bytes, subject, server, options) {
  const { payloads, messages } = events(name, bytes);
  const { frames } = await server.load({ messages, count: 0 });
  return payloads.map((data, index) => subject.emitter(name, data, frames[index], options));
}

function events(name, bytes) {
  const payloads = Array.from({ length: variety }, (_, index) => payload(1000 + index, bytes));
  const messages = payloads.map((data) => ({ topic: 'EVENT', action: 'EMIT', name, data: JSON.stringify(data) }));
  return { payloads, messages };
}

/** A callback that takes the time from its first call to the last one expected. */
function countCalls() {
  let expected;
  let missing;
  let begin;
  let finish;
  return {
    expect(count) {
      expected = count;
      missing = count;
      return new Promise((resolve) => (finish = resolve));
    },
    callback(data) {
      if (missing === expected) begin = performance.now();
      missing -= 1;
      if (missing === 0) finish({ milliseconds: performance.now() - begin, last: data });
    },
  };
}

/** A client that is fast because it is wrong shall not look good. */
function check(subject, data, expected) {
  if (!subject.readsData || JSON.stringify(data) === JSON.stringify(expected)) return;
  const start = (value) => String(JSON.stringify(value)).slice(0, 100);
  throw new Error(`${subject.name} received ${start(data)} instead of ${start(expected)}.`);
}
