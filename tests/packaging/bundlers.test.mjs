// The installed package in bundlers as they are configured by default.
import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { chromium } from '@playwright/test';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { rspack } from '@rspack/core';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import * as vite7 from 'vite';
import * as vite6 from 'vite6';
import * as vite8 from 'vite8';
import webpack from 'webpack';
import { browserFlags, ensureBrowser } from '../../scripts/setup.mjs';
import { startDeepstreamServer } from '../harness/deepstream-server.mjs';
import { startStaticServer } from '../harness/static-server.mjs';
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

/** Puts what it has heard from a server into the page. */
const talkingApplication = (url) => `
  import { DeepstreamClient } from 'deepstream-wasm';

  async function talk() {
    const client = new DeepstreamClient(${JSON.stringify(url)}, { subscriptionInterval: 0 });
    await client.login({ username: 'ada' });
    const heard = new Promise((resolve) => client.event.subscribe('greeting', resolve));
    await client.event.emit('greeting', 'Grüße', { receipt: true });
    const note = await client.record.getRecord('note').whenReady();
    await note.setWithAck({ items: [await heard] });
    const { items } = await client.record.snapshot('note');
    client.close();
    return items[0];
  }
  talk().then((text) => (document.title = text), (error) => (document.title = error.code + ': ' + error.message));
`;

describe('in a page, it speaks with a server when bundled', () => {
  const timeout = 60_000;
  let server;
  let browser;

  before(async () => {
    server = await startDeepstreamServer();
    const { chrome } = await ensureBrowser();
    browser = await chromium.launch({ executablePath: chrome, args: browserFlags });
    await writeFile(join(consumer.directory, 'talking.mjs'), talkingApplication(server.url));
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const pageOf = (script) => `<!doctype html><link rel="icon" href="data:," />${script}`;
  /** Gives a bundle the page that loads it. */
  const withPage = async (directory, script) => {
    await writeFile(join(directory, 'index.html'), pageOf(script));
    return directory;
  };
  const buildWithVite = async (vite, name) => {
    const root = join(consumer.directory, name);
    await mkdir(root);
    await withPage(root, '<script type="module" src="../talking.mjs"></script>');
    await vite.build({ root, configFile: false, logLevel: 'error' });
    return join(root, 'dist');
  };
  const builders = {
    esbuild: async () => {
      const outdir = join(consumer.directory, 'talking-esbuild');
      await bundleWithEsbuild({ entryPoints: ['talking.mjs'], outdir, format: 'esm' });
      return withPage(outdir, '<script type="module" src="talking.js"></script>');
    },
    Rollup: async () => {
      const dir = join(consumer.directory, 'talking-rollup');
      const bundle = await rollup({ input: join(consumer.directory, 'talking.mjs'), plugins: [nodeResolve({ browser: true })] });
      await bundle.write({ dir, format: 'es', entryFileNames: 'talking.js' });
      return withPage(dir, '<script type="module" src="talking.js"></script>');
    },
    'webpack 5': async () => {
      const directory = await bundleAsWebpack('webpack', webpack, './talking.mjs', 'production');
      return withPage(directory, '<script src="main.js"></script>');
    },
    Rspack: async () => {
      const directory = await bundleAsWebpack('rspack', rspack, './talking.mjs', 'production');
      return withPage(directory, '<script src="main.js"></script>');
    },
    'Vite 6': () => buildWithVite(vite6, 'talking-vite6'),
    'Vite 7': () => buildWithVite(vite7, 'talking-vite7'),
    'Vite 8': () => buildWithVite(vite8, 'talking-vite8'),
  };

  for (const [name, buildPage] of Object.entries(builders)) {
    test(`by ${name}`, { timeout }, async () => {
      const site = await startStaticServer({ directories: { '/': await buildPage() } });
      const page = await browser.newPage();
      try {
        await page.goto(site.url);
        await page.waitForFunction(() => document.title !== '', undefined, { timeout: 30_000 });
        assert.equal(await page.title(), 'Grüße');
      } finally {
        await page.close();
        await site.stop();
      }
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
