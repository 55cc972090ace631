// What docs/deployment.md says of Electron, as far as Chromium alone can show it: the program of Electron is in no package, so
// what its bridge does with what crosses it is not seen here.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromium } from '@playwright/test';
import * as esbuild from 'esbuild';
import { WebSocket } from 'ws';
import { browserFlags, ensureBrowser } from '../../scripts/setup.mjs';
import { startDeepstreamServer } from '../harness/deepstream-server.mjs';
import { createConsumer, inRepository } from './consumer.mjs';

globalThis.WebSocket ??= WebSocket; // Node.js 20 has none.
const { DeepstreamClient } = await import(inRepository('pkg', 'index.mjs'));
const timeout = 60_000;
const consumer = await createConsumer();
let browser;
let directory;
let server;

before(async () => {
  server = await startDeepstreamServer();
  directory = await mkdtemp(join(tmpdir(), 'deepstream-wasm-electron-'));
  const { chrome } = await ensureBrowser();
  browser = await chromium.launch({ executablePath: chrome, args: browserFlags });
});

after(async () => {
  await browser?.close();
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** One script of a program that imports the package, and what it asks the host for. */
async function bundle(contents, settings) {
  const { outputFiles, metafile, warnings } = await esbuild.build({
    ...{ stdin: { contents, resolveDir: consumer.directory }, bundle: true, write: false, metafile: true, logLevel: 'silent' },
    ...settings,
  });
  assert.deepEqual(warnings, []);
  const [{ imports }] = Object.values(metafile.outputs);
  return { script: outputFiles[0].text, asksFor: imports.map(({ path }) => path) };
}

/** Opens a page of this script from the disk. */
async function openFile(script) {
  await writeFile(join(directory, 'index.html'), `<!doctype html><script src="main.js"></script>`);
  await writeFile(join(directory, 'main.js'), script);
  const page = await browser.newPage();
  await page.goto(pathToFileURL(join(directory, 'index.html')).href);
  return page;
}

test('a bundle of one script works in a page that is a file', { timeout }, async () => {
  const { script } = await bundle(
    `
    import { DeepstreamClient } from 'deepstream-wasm';
    const client = new DeepstreamClient('${server.url}');
    client.login({ username: 'ada' }).then(
      () => document.title = 'logged in',
      (error) => document.title = error.code,
    );
    `,
    { format: 'iife' },
  );
  const page = await openFile(script);
  await page.waitForFunction(() => document.title !== '');
  assert.equal(await page.title(), 'logged in');
  await page.close();
});

test('the preload script of the page works in a world of its own, and asks for nothing but electron', { timeout }, async () => {
  const documentation = await readFile(inRepository('docs/deployment.md'), 'utf8');
  const [, documented] = /^## Electron\n[^]*?^```js\n([^]*?)^```$/m.exec(documentation);
  const program = documented.replace('wss://example.com', server.url);
  const { script, asksFor } = await bundle(program, { format: 'cjs', external: ['electron'] });
  assert.deepEqual(asksFor, ['electron']);

  const page = await openFile('');
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send('Page.getFrameTree');
  const { executionContextId } = await session.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id });
  const inPreload = async (expression) => {
    const options = { contextId: executionContextId, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', { expression, ...options });
    assert.equal(exceptionDetails, undefined);
    return result.value;
  };
  const electron = '{ contextBridge: { exposeInMainWorld: (name, api) => Object.assign(globalThis, { [name]: api }) } }';
  await inPreload(`((require) => { ${script} })(() => (${electron}))`);

  assert.equal(await inPreload(`news.login({ username: 'ada' })`), undefined);
  const heard = inPreload(`new Promise((resolve) => {
    const unsubscribe = news.subscribe((text) => (unsubscribe(), resolve(text)));
  })`);
  // Whoever has not subscribed yet hears a later one.
  const other = new DeepstreamClient(server.url);
  const emitting = setInterval(() => other.event.emit('news', 'It is raining.'), 50);
  after(() => clearInterval(emitting));
  after(() => other.close());
  await other.login({ username: 'bob' });
  assert.equal(await heard, 'It is raining.');
  clearInterval(emitting);
  await other.outbox.flush();
  assert.equal(await page.evaluate(() => typeof globalThis.news), 'undefined');
  await page.close();
});
