// <deepstream-status> where there is no page: tests/e2e/status.spec.mjs has it in one.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createConsumer, inRepository, run, runModule } from './consumer.mjs';

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

test('the code in docs/status.md compiles', async () => {
  const text = await readFile(inRepository('docs', 'status.md'), 'utf8');
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  assert.ok(blocks.length > 0);
  await writeFile(join(consumer.directory, 'documented.ts'), blocks.join('\n'));
  const compilerOptions = {
    module: 'ESNext',
    moduleResolution: 'Bundler',
    target: 'ES2022',
    lib: ['ES2022', 'DOM'],
    types: [],
    noEmit: true,
    strict: true,
    skipLibCheck: false,
  };
  await writeFile(join(consumer.directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['documented.ts'] }));
  await run(process.execPath, [inRepository('node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'], consumer.directory);
});
