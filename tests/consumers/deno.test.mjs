import { copyFile } from 'node:fs/promises';
import { test } from 'node:test';
import { inRepository } from '../packaging/consumer.mjs';
import { testRuntime } from './runtime.mjs';
import { inProject, run, runtime, timeout } from './support.mjs';

const env = { DENO_DIR: inProject('cache'), DENO_NO_UPDATE_CHECK: '1' };

// The permissions that docs/bundlers.md names.
const flags = ['run', '--no-prompt', '--allow-net', '--allow-read'];
testRuntime('Deno', { flags, env });

test('its types hold where Deno checks them', { timeout }, async () => {
  await copyFile(inRepository('tests/packaging/typescript/example.ts'), inProject('example.ts'));
  await run(runtime, ['check', '--all', 'example.ts'], env);
});
