// What the module's memory holds, with the built package and a server in memory. The stack lies at the beginning of it and grows
// towards zero, so bytes there that are still zero are stack that nobody has ever needed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inRepository } from './consumer.mjs';

const kilobytes = 1024;
/** The client looks this deep into a record; what nests deeper is one value to it. */
const maxDepth = 64;

test('an idle client has little memory, and the deepest merge leaves half of the stack', { timeout: 60_000 }, async (t) => {
  const memory = memoryOfTheNextModule(t);
  const { DeepstreamClient, MERGE_STRATEGIES } = await import(inRepository('pkg', 'index.mjs'));
  const { createTestServer } = await import(inRepository('pkg', 'testing.mjs'));
  const server = createTestServer();
  const clients = ['ada', 'bob'].map(() => new DeepstreamClient(server.url, {
    outbox: { storage: 'memory' },
    subscriptionInterval: 0,
    mergeStrategy: MERGE_STRATEGIES.THREE_WAY,
  }));
  t.after(() => {
    for (const client of clients) client.close();
    server.close();
  });
  const [ada, bob] = clients;
  await ada.login({ username: 'ada' });
  assert.ok(memory().byteLength <= 512 * kilobytes, `it has ${memory().byteLength / kilobytes} kB`);

  await bob.login({ username: 'bob' });
  server.records.set('deep', { version: 1, data: nested({ ada: 0, bob: 0, list: Array.from({ length: 100 }, (_, id) => ({ id })) }) });
  const records = await Promise.all(clients.map(({ record }) => record.getRecord('deep').whenReady()));
  server.refuse();
  for (const [index, record] of records.entries()) {
    const data = structuredClone(record.get());
    innermost(data)[['ada', 'bob'][index]] = 1;
    innermost(data).list[index].by = index;
    record.set(data);
  }
  server.heal();
  for (const client of clients) await client.resume();
  for (const client of clients) await client.outbox.flush();

  const { ada: fromAda, bob: fromBob, list } = innermost(server.records.get('deep').data);
  assert.deepEqual([fromAda, fromBob, list[0].by, list[1].by], [1, 1, 0, 1], 'both have been merged');
  const untouched = memory().findIndex((byte) => byte !== 0);
  assert.ok(untouched >= 128 * kilobytes, `${untouched / kilobytes} kB of the stack are left`);
});

function nested(inside) {
  return Array.from({ length: maxDepth - 4 }).reduce((inner) => ({ inner, beside: [1, { two: 2 }] }), inside);
}

function innermost(data) {
  return data.inner ? innermost(data.inner) : data;
}

/** The bytes of the memory of the module that is instantiated next. */
function memoryOfTheNextModule(t) {
  const { Instance } = WebAssembly;
  let memory;
  WebAssembly.Instance = class extends Instance {
    constructor(...given) {
      super(...given);
      memory = Object.values(this.exports).find((value) => value instanceof WebAssembly.Memory);
    }
  };
  t.after(() => {
    WebAssembly.Instance = Instance;
  });
  return () => new Uint8Array(memory.buffer);
}
