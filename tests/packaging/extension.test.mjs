// The package in a browser extension, as docs/deployment.md says it: in the service worker, which has no localStorage.
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { chromium } from '@playwright/test';
import { ensureBrowser } from '../../scripts/setup.mjs';
import { startDeepstreamServer } from '../harness/deepstream-server.mjs';
import { inRepository } from './consumer.mjs';

let directory;
let extension;
let server;

before(async () => {
  server = await startDeepstreamServer();
  directory = await mkdtemp(join(tmpdir(), 'deepstream-wasm-extension-'));
  extension = join(directory, 'extension');
  await cp(inRepository('pkg'), join(extension, 'pkg'), { recursive: true });
  const page = await readFile(inRepository('docs/deployment.md'), 'utf8');
  const [, section] = page.split('\n## Browser extensions\n');
  const [manifest, script] = [...section.matchAll(/^```\w+\n([^]*?)^```$/gm)].map(([, code]) => code);
  await writeFile(
    join(extension, 'manifest.json'),
    JSON.stringify({
      manifest_version: 3,
      name: 'deepstream-wasm',
      version: '1',
      background: { service_worker: 'worker.js', type: 'module' },
      ...JSON.parse(manifest),
    }),
  );
  const installed = script.replace("'deepstream-wasm'", "'./pkg/index.mjs'").replace('wss://example.com', server.url);
  await writeFile(join(extension, 'worker.js'), `${installed}\nglobalThis.client = client;\n`);
});

after(async () => {
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Starts the browser with the extension, has its service worker do something, and ends the browser. */
async function inWorker(use) {
  const { chrome } = await ensureBrowser();
  const context = await chromium.launchPersistentContext(join(directory, 'profile'), {
    executablePath: chrome,
    // Playwright's own headless mode takes no extensions.
    headless: false,
    args: ['--headless=new', '--no-sandbox', `--disable-extensions-except=${extension}`, `--load-extension=${extension}`],
  });
  try {
    const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'));
    // What never ends in the worker would keep the browser, and this process with it.
    const overdue = setTimeout(20_000, undefined, { ref: false }).then(() => Promise.reject(new Error('nothing happens')));
    return await Promise.race([use(worker), overdue]);
  } finally {
    await context.close();
  }
}

test('what a service worker that is ended could not send, the next one sends', { timeout: 60_000 }, async () => {
  await inWorker(async (worker) => {
    await worker.evaluate(async () => {
      await client.login({ username: 'ada' });
      client.pause();
      client.event.emit('news', 'kept');
      while (!client.outbox.entries()[0].isStored) await new Promise((resolve) => setTimeout(resolve, 10));
    });
  });
  const sent = await inWorker((worker) =>
    worker.evaluate(async () => {
      const sent = new Promise((resolve) => client.outbox.once('sent', resolve));
      await client.login({ username: 'ada' });
      return (await sent).map(({ kind, name }) => [kind, name]);
    }),
  );
  assert.deepEqual(sent, [['event', 'news']]);
});
