// <deepstream-status> where there is no page, and in the page that docs/status.md shows: tests/e2e/status.spec.mjs has the rest.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { chromium } from '@playwright/test';
import * as esbuild from 'esbuild';
import { browserFlags, ensureBrowser } from '../../scripts/setup.mjs';
import { startDeepstreamServer } from '../harness/deepstream-server.mjs';
import { createConsumer, inRepository, runModule } from './consumer.mjs';

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

test('a page made of what docs/status.md shows says in its own words and looks that the connection is lost', { timeout: 60_000 }, async () => {
  const documentation = await readFile(inRepository('docs/status.md'), 'utf8');
  const codeIn = (language) =>
    [...documentation.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, of]) => of === language).map(([, , code]) => code).join('\n');
  const server = await startDeepstreamServer();
  after(() => server.stop());
  const contents = `${codeIn('ts').replace('localhost:6020', server.url)}
    client.on('error', () => {});
    client.login().then(() => (document.title = 'logged in'));`;
  const stdin = { contents, loader: 'ts', resolveDir: consumer.directory };
  const { outputFiles } = await esbuild.build({ stdin, bundle: true, write: false, format: 'iife', logLevel: 'silent' });

  const { chrome } = await ensureBrowser();
  const browser = await chromium.launch({ executablePath: chrome, args: browserFlags });
  after(() => browser.close());
  const page = await browser.newPage();
  await page.setContent(`<!doctype html><style>${codeIn('css')}</style>${codeIn('html')}`);
  await page.addScriptTag({ content: outputFiles[0].text });
  await page.waitForFunction(() => document.title === 'logged in');
  await server.stop();
  const part = (name) => page.locator(`deepstream-status [part=${name}]`);
  await part('text').filter({ hasText: /^(Verbinde …|Neuer Versuch in \d+ s)$/ }).waitFor();
  assert.equal(await part('retry').textContent(), 'Jetzt versuchen');
  const looks = await part('banner').evaluate((banner) => {
    const { backgroundColor, borderStartEndRadius, fontSize, paddingLeft, position } = getComputedStyle(banner);
    return { backgroundColor, position, ems: [borderStartEndRadius, paddingLeft].map((length) => parseFloat(length) / parseFloat(fontSize)) };
  });
  assert.deepEqual(looks, { backgroundColor: 'rgb(238, 238, 255)', position: 'fixed', ems: [0.5, 1] });
});
