// The built files in a page as any static server gives them out: no bundler, and a Content-Security-Policy that allows no
// more than the package says it needs.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { chromium } from '@playwright/test';
import { browserFlags, ensureBrowser } from '../../scripts/setup.mjs';
import { startStaticServer } from '../harness/static-server.mjs';
import { inRepository } from './consumer.mjs';

const scripts = {
  default: `
    import { C, DeepstreamClient } from './pkg/index.mjs';

    const client = new DeepstreamClient(location.host, { lazyConnect: true });
    document.title = client.getConnectionState() === C.CONNECTION_STATE.CLOSED ? 'works' : 'does not work';
  `,
  core: `
    import { C, DeepstreamClient } from './pkg/core.mjs';

    const client = new DeepstreamClient(location.host, { lazyConnect: true });
    document.title = client.getConnectionState() === C.CONNECTION_STATE.CLOSED ? 'works' : 'does not work';
  `,
  url: `
    import { C, DeepstreamClient, init } from './pkg/url.mjs';

    await init();
    const client = new DeepstreamClient(location.host, { lazyConnect: true });
    document.title = client.getConnectionState() === C.CONNECTION_STATE.CLOSED ? 'works' : 'does not work';
  `,
};

describe('in a page with a strict Content-Security-Policy', () => {
  let browser;
  let pages;
  let server;

  before(async () => {
    pages = await mkdtemp(join(tmpdir(), 'deepstream-wasm-pages-'));
    for (const [name, script] of Object.entries(scripts)) {
      const html = `<!doctype html><link rel="icon" href="data:," /><script type="module" src="${name}.js"></script>`;
      await writeFile(join(pages, `${name}.html`), html);
      await writeFile(join(pages, `${name}.js`), script);
    }
    server = await startStaticServer({
      directories: { '/': pages, '/pkg': inRepository('pkg') },
      headers: { 'Content-Security-Policy': "script-src 'self' 'wasm-unsafe-eval'" },
    });
    const { chrome } = await ensureBrowser();
    browser = await chromium.launch({ executablePath: chrome, args: browserFlags });
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
    await rm(pages, { recursive: true, force: true });
  });

  for (const name of Object.keys(scripts)) {
    test(`the ${name} entry works, and nothing is written to the console`, async () => {
      const page = await browser.newPage();
      const complaints = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(`${server.url}/${name}.html`);
      await page
        .waitForFunction(() => document.title !== '', undefined, { timeout: 20_000 })
        .catch((error) => complaints.push(error.message));
      assert.deepEqual(complaints, []);
      assert.equal(await page.title(), 'works');
      await page.close();
    });
  }
});

/** Pages from which a client can never connect, or where its module does not even run. Chromium is asked, not the network. */
describe('in a page that forbids what the client needs', () => {
  const timeout = 20_000;
  let browser;
  let page;

  before(async () => {
    const { chrome } = await ensureBrowser();
    browser = await chromium.launch({ executablePath: chrome, args: browserFlags });
  });

  after(() => browser?.close());

  afterEach(() => page?.close());

  /** Opens a page with this policy that has imported the package as `deepstream`. */
  const visit = async (origin, policy) => {
    page = await browser.newPage();
    const script = await readFile(inRepository('pkg', 'index.mjs'), 'utf8');
    const headers = { 'Content-Security-Policy': policy };
    await page.route(`${origin}/`, (route) => route.fulfill({ body: '<!doctype html>', contentType: 'text/html', headers }));
    await page.route(`${origin}/index.mjs`, (route) => route.fulfill({ body: script, contentType: 'text/javascript' }));
    await page.goto(`${origin}/`);
    await page.evaluate(async () => (globalThis.deepstream = await import('/index.mjs')));
  };

  test('a connect-src without the server is a failed attempt at once', { timeout }, async () => {
    await visit('http://plain.test', "connect-src 'none'");
    const reason = await page.evaluate(() => {
      const client = new deepstream.DeepstreamClient('server.test', { connectTimeout: 3_600_000 });
      return new Promise((resolve) => client.on('error', ({ closeReason }) => resolve(closeReason)));
    });
    assert.deepEqual([reason.kind, reason.willRetry], ['network', true]);
  });

  test('a secure page cannot connect without encryption: the client says so and stops', { timeout }, async () => {
    await visit('https://secure.test', "script-src 'self' 'wasm-unsafe-eval'");
    const outcome = await page.evaluate(async () => {
      const client = new deepstream.DeepstreamClient('ws://server.test');
      client.on('error', () => {});
      const code = await client.login().catch((error) => error.code);
      const { kind, willRetry } = client.connection.reason;
      return { code, kind, willRetry, state: client.getConnectionState() };
    });
    const expected = { code: 'WEBSOCKET_UNAVAILABLE', kind: 'unavailable', willRetry: false, state: 'ERROR' };
    assert.deepEqual(outcome, expected);
  });

  test("a script-src without 'wasm-unsafe-eval' is told when a client is made", { timeout }, async () => {
    await visit('http://plain.test', "script-src 'self'");
    const { code, message } = await page.evaluate(() => {
      try {
        return new deepstream.DeepstreamClient('server.test');
      } catch ({ code, message }) {
        return { code, message };
      }
    });
    assert.equal(code, 'WEBASSEMBLY_UNAVAILABLE');
    assert.match(message, /'wasm-unsafe-eval'/);
  });
});
