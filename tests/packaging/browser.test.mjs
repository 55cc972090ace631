// The built files in a page as any static server gives them out: no bundler, and a Content-Security-Policy that allows no
// more than the package says it needs.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
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
