// The browser, the pages in it, and what they talk to.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { chromium } from '@playwright/test';
import { inRoot } from '../scripts/lib/paths.mjs';
import { beforeExit, Failure } from '../scripts/lib/process.mjs';
import { browserFlags, ensureBrowser } from '../scripts/setup.mjs';
import { startChild } from '../tests/harness/child.mjs';
import { startStaticServer } from '../tests/harness/static-server.mjs';
import { startCollection } from './collection.mjs';
import { openPage } from './devtools.mjs';

/** Milliseconds that one page may take. */
const patience = 300_000;
export const ownPackage = inRoot('pkg');
const referencePackage = inRoot('node_modules', '@deepstream', 'client');
export const referenceBundle = join(referencePackage, 'dist', 'bundle');
/** For pages, which collect garbage between samples, and say how much memory is in use. */
const measuringFlags = ['--js-flags=--expose-gc', '--enable-precise-memory-info'];

/**
 * Starts the browser, and serves the pages and the clients to it.
 *
 * @param {object} options
 * @param {string} [options.other] a directory with another build of the package
 * @param {Parameters<typeof startStaticServer>[0]['handle']} [options.handle] sees each request first
 */
export async function openBrowser({ other, handle }) {
  const { chrome } = await ensureBrowser();
  const pages = await startStaticServer({
    directories: {
      '/': inRoot('benches', 'page'),
      '/pkg': ownPackage,
      '/reference': referenceBundle,
      ...(other && { '/other': resolve(other) }),
    },
    // Isolated pages have clocks that are exact to 5 µs, others to 100 µs.
    headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' },
    handle,
  });
  beforeExit(pages.stop);
  const browser = await chromium.launch({ executablePath: chrome, args: [...browserFlags, ...measuringFlags] });
  beforeExit(() => browser.close());
  return {
    browser,
    siteUrl: pages.url,
    browserVersion: `Chromium ${browser.version()}`,
    versions: await Promise.all([ownPackage, referencePackage].map(versionOf)),
  };
}

/**
 * @param {object} options
 * @param {string} [options.other] a directory with another build of the package
 * @param {boolean} [options.usesCollection] whether there must be a real server with many records
 */
export async function openBench({ other, usesCollection }) {
  const server = await startChild(new URL('./server-process.mjs', import.meta.url), {});
  beforeExit(server.stop);
  const collection = usesCollection ? await startCollection() : undefined;
  if (collection) beforeExit(collection.stop);
  let current;
  const { browser, siteUrl, browserVersion, versions } = await openBrowser({
    other,
    handle: (request, response) =>
      handlePlan(request, response, current) ||
      handleTime(request, response, current) ||
      collection?.handle(request, response),
  });
  const browserSession = await browser.newBrowserCDPSession();

  /** Has the page carry the plan out, and gives its samples. */
  async function carryOut(page, plan) {
    let timer;
    const outcome = new Promise((settle) => {
      current = { page, plan: { serverUrl: server.ready, collection: collection?.plan, ...plan }, settle };
      timer = setTimeout(() => settle({ error: `not finished after ${patience / 1000} s` }), patience);
    });
    await page.send('Page.navigate', { url: siteUrl });
    const { samples, error } = await outcome;
    clearTimeout(timer);
    if (error) throw new Failure(`A page failed: ${error}`);
    return samples;
  }

  return {
    browserVersion,
    versions,

    async run(plan) {
      const page = await openPage(browserSession);
      const samples = await carryOut(page, plan);
      await page.close();
      return samples;
    },

    /** Writes `<name>.cpuprofile`, which the browser's developer tools open; resolves to its path. */
    async profile(plan, directory, name) {
      const page = await openPage(browserSession);
      await page.send('Profiler.enable');
      await page.send('Profiler.setSamplingInterval', { interval: 100 }); // microseconds
      await page.send('Profiler.start');
      await carryOut(page, plan);
      const { profile } = await page.send('Profiler.stop');
      await page.close();
      await mkdir(directory, { recursive: true });
      const file = join(directory, `${name.replaceAll(/[^\w]+/g, '-')}.cpuprofile`);
      await writeFile(file, JSON.stringify(profile));
      return file;
    },
  };
}

/** Gives the page its plan, and takes what came of it. */
function handlePlan(request, response, current) {
  if (request.url !== '/plan') return false;
  if (request.method === 'GET') {
    response.end(JSON.stringify(current.plan));
    return true;
  }
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => (text += chunk));
  request.on('end', () => {
    response.end();
    current.settle(JSON.parse(text));
  });
  return true;
}

/** Says for how many seconds the page's main thread was busy until now. */
function handleTime(request, response, current) {
  if (request.url !== '/busy-seconds') return false;
  current.page.metrics().then(
    ({ TaskDuration }) => response.end(JSON.stringify(TaskDuration)),
    (error) => current.settle({ error: error.message }),
  );
  return true;
}

async function versionOf(directory) {
  const { name, version } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  return `${name} ${version}`;
}
