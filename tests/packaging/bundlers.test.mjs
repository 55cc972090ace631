// The installed package in bundlers as they are configured by default.
import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { rspack } from '@rspack/core';
import { build } from 'esbuild';
import webpack from 'webpack';
import { createConsumer, run } from './consumer.mjs';

const consumer = await createConsumer();

const application = `
  import { C, DeepstreamClient, DeepstreamError } from 'deepstream-wasm';

  globalThis.WebSocket = class { close() {} send() {} addEventListener() {} removeEventListener() {} };
  const client = new DeepstreamClient('localhost:6020');
  const isNew = client.getConnectionState() === C.CONNECTION_STATE.INITIALISING;
  client.close();
  try {
    new DeepstreamClient('http://localhost:6020');
  } catch (error) {
    console.log(isNew && error instanceof DeepstreamError ? 'works' : 'does not work');
  }
`;

const tunedApplication = `
  import { DeepstreamClient, init } from 'deepstream-wasm/url';

  init().then(() => new DeepstreamClient('localhost:6020').login());
`;

describe('bundled', () => {
  before(async () => {
    await writeFile(join(consumer.directory, 'application.mjs'), application);
    await writeFile(join(consumer.directory, 'tuned.mjs'), tunedApplication);
  });

  for (const format of ['esm', 'cjs', 'iife']) {
    test(`by esbuild (${format}), it works without a warning`, async () => {
      const outfile = join(consumer.directory, `esbuild-${format}.${format === 'esm' ? 'mjs' : 'cjs'}`);
      const { warnings } = await bundleWithEsbuild({ entryPoints: ['application.mjs'], outfile, format });
      assert.deepEqual(warnings, []);
      assert.equal(await run(process.execPath, [outfile], consumer.directory), 'works\n');
    });
  }

  test('by esbuild, the entry with a URL gives no warning', async () => {
    const outfile = join(consumer.directory, 'esbuild-tuned.mjs');
    const { warnings } = await bundleWithEsbuild({ entryPoints: ['tuned.mjs'], outfile, format: 'esm' });
    assert.deepEqual(warnings, []);
  });

  for (const [name, bundler] of Object.entries({ webpack, rspack })) {
    for (const mode of ['development', 'production']) {
      test(`by ${name} (${mode}), it works without a warning`, async () => {
        const output = await bundleAsWebpack(name, bundler, './application.mjs', mode);
        assert.equal(await run(process.execPath, [join(output, 'main.js')], consumer.directory), 'works\n');
      });
    }

    test(`by ${name}, the entry with a URL brings the module along`, async () => {
      const output = await bundleAsWebpack(name, bundler, './tuned.mjs', 'production');
      const files = await readdir(output);
      assert.equal(files.filter((file) => file.endsWith('.wasm')).length, 1, files.join(' '));
    });
  }
});

function bundleWithEsbuild(options) {
  return build({ ...options, absWorkingDir: consumer.directory, bundle: true, logLevel: 'silent' });
}

/** Rspack is used as webpack is. */
async function bundleAsWebpack(name, bundler, entry, mode) {
  const path = join(consumer.directory, `${name}-${mode}-${entry.replaceAll(/\W/g, '')}`);
  // Its opinion of sizes is left out: `npm run size` looks at them.
  const performance = { hints: false };
  const compiler = bundler({ context: consumer.directory, entry, mode, output: { path }, performance });
  const stats = await promisify(compiler.run.bind(compiler))();
  await promisify(compiler.close.bind(compiler))();
  const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
  assert.deepEqual([...errors, ...warnings], []);
  return path;
}
