// <deepstream-status> where there is no page: tests/e2e/status.spec.mjs has it in one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConsumer, runModule } from './consumer.mjs';

const consumer = await createConsumer();
const loadings = {
  imported: { format: 'mjs', load: `await import('deepstream-wasm/status')` },
  required: { format: 'cjs', load: `require('deepstream-wasm/status')` },
};

for (const [how, { format, load }] of Object.entries(loadings)) {
  test(`${how} on a server, it does nothing`, async () => {
    const printed = await runModule(
      consumer,
      `
      const before = Object.getOwnPropertyNames(globalThis).length;
      const exported = ${load};
      console.log(JSON.stringify([typeof exported.DeepstreamStatus, Object.getOwnPropertyNames(globalThis).length - before]));
      `,
      { format },
    );
    assert.deepEqual(JSON.parse(printed), ['function', 0]);
  });
}
