// Opens pages that do nothing but connect a client, as a visitor who was never here and as one who comes back.
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, constants } from 'node:zlib';
import { Failure, beforeExit } from '../../scripts/lib/process.mjs';
import { startChild } from '../../tests/harness/child.mjs';
import { openBrowser, ownPackage, referenceBundle } from '../browser.mjs';
import { openPage } from '../devtools.mjs';

/** Milliseconds that one visit may take. */
const patience = 60_000;
/** How the page tells that the client is OPEN. */
const binding = 'clientIsOpen';

/**
 * One client in one round.
 * @typedef {object} Sample
 * @property {string} network
 * @property {string} subject
 * @property {{ openMs: number, busyMs: number }} cold a first visit: until OPEN, and for how long the main thread was busy
 * @property {{ openMs: number, busyMs: number }} warm a third one, with the caches that a browser fills
 * @property {{ idle: number, empty: number }} [bytes] what the page uses after OPEN, and an empty one; without a slow
 *   network
 */

/**
 * Starts the browser and what is served to it.
 * @param {{ other?: string }} options a directory with another build of the package
 */
export async function openStart({ other }) {
  const server = await startChild(new URL('../server-process.mjs', import.meta.url), {});
  beforeExit(server.stop);
  const entries = startEntries(server.ready, other && resolve(other));
  const site = await buildSite(entries);
  const { browser, siteUrl, browserVersion, versions } = await openBrowser({
    other,
    handle(request, response) {
      const file = site.get(request.url);
      if (!file) return false;
      response.writeHead(200, file.headers).end(file.content);
      return true;
    },
  });
  const browserSession = await browser.newBrowserCDPSession();

  return {
    browserVersion,
    versions,

    /** @returns {Promise<Sample[]>} in each round one of each network and client */
    async measure({ networks, rounds, shuffle, onProgress }) {
      const samples = [];
      for (let round = 0; round < rounds; round += 1) {
        for (const network of networks) {
          onProgress(`${round} of ${rounds} rounds, ${network.name}`);
          for (const subject of shuffle(Object.keys(entries))) {
            samples.push(await measureVisits(browserSession, siteUrl, network, subject));
          }
        }
      }
      onProgress('');
      return samples;
    },
  };
}

/** Who is measured: where the files are, and what the page has beside them. */
function startEntries(serverUrl, other) {
  const connect = (subject) => `
    const client = new DeepstreamClient('${serverUrl}/${subject}');
    client.on('connectionStateChanged', (state) => {
      if (state === 'OPEN') ${binding}(JSON.stringify({ openMs: performance.now() }));
    });
    client.login().catch((error) => ${binding}(JSON.stringify({ error: String(error) })));`;
  const module = (code) => `<script type="module">${code}\n</script>`;
  const plain = (subject, directory, script = 'index.mjs') => ({
    directory,
    html: module(`
    import { DeepstreamClient } from '/assets/${subject}/${script}';${connect(subject)}`),
  });
  const url = (subject, directory) => ({
    directory,
    html: module(`
    import { DeepstreamClient, init } from '/assets/${subject}/url.mjs';
    await init();${connect(subject)}`),
  });
  const preloaded = ({ directory, html }, subject) => ({
    directory,
    html: `<link rel="preload" as="fetch" type="application/wasm" crossorigin href="/assets/${subject}/deepstream_wasm_bg.wasm">
${html}`,
  });
  return {
    wasm: plain('wasm', ownPackage),
    core: plain('core', ownPackage, 'core.mjs'),
    url: url('url', ownPackage),
    preloaded: preloaded(url('preloaded', ownPackage), 'preloaded'),
    ...(other && { other: plain('other', other), otherUrl: url('otherUrl', other) }),
    reference: {
      directory: referenceBundle,
      html: `<script src="/assets/reference/ds.min.js"></script>
<script>
    const { DeepstreamClient } = globalThis.DeepstreamClient;${connect('reference')}
</script>`,
    },
  };
}

/** All that is served, by path: compressed as well as can be and kept by browsers, as from a content delivery network. */
async function buildSite(entries) {
  const types = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };
  const site = new Map();
  const page = (body) => ({
    content: `<!doctype html>\n<meta charset="utf-8">\n<title>start</title>\n<link rel="icon" href="data:,">\n${body}\n`,
    headers: { 'Content-Type': 'text/html', 'Cache-Control': 'no-store' },
  });
  site.set('/start/empty', page(''));
  const compressed = new Map();
  for (const [subject, { directory, html }] of Object.entries(entries)) {
    site.set(`/start/${subject}`, page(html));
    for (const name of await readdir(directory)) {
      const type = types[/\.\w+$/.exec(name)?.[0]];
      if (!type) continue;
      const path = join(directory, name);
      if (!compressed.has(path)) compressed.set(path, compress(await readFile(path)));
      site.set(`/assets/${subject}/${name}`, {
        content: compressed.get(path),
        headers: { 'Content-Type': type, 'Content-Encoding': 'br', 'Cache-Control': 'public, max-age=31536000, immutable' },
      });
    }
  }
  return site;
}

function compress(bytes) {
  return brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
}

/** Three visits with caches of their own, empty before the first. */
async function measureVisits(browserSession, siteUrl, { name: network, conditions }, subject) {
  const where = await browserSession.send('Target.createBrowserContext');
  const visit = () => visitPage(browserSession, where, siteUrl, conditions, subject);
  const { bytes, ...cold } = await visit();
  // Browsers keep what they have compiled only of what is asked for again.
  await visit();
  const { bytes: _, ...warm } = await visit();
  await browserSession.send('Target.disposeBrowserContext', where);
  return { network, subject, cold, warm, ...(!conditions && { bytes }) };
}

async function visitPage(browserSession, where, siteUrl, conditions, subject) {
  const page = await openPage(browserSession, where);
  const navigate = async (path) => {
    const loaded = page.next('Page.loadEventFired');
    await page.send('Page.navigate', { url: siteUrl + path });
    return loaded;
  };
  await page.send('Page.enable');
  await page.send('Runtime.enable');
  await page.send('Runtime.addBinding', { name: binding });
  // So that the process of the site runs, and what is measured of it is only what follows.
  await navigate('/start/empty');
  const empty = await usedBytes(page);
  if (conditions) {
    await page.send('Network.enable');
    await page.send('Network.emulateNetworkConditions', { offline: false, ...conditions });
  }
  const { TaskDuration: before } = await page.metrics();
  const opened = page.next('Runtime.bindingCalled');
  await page.send('Page.navigate', { url: `${siteUrl}/start/${subject}` });
  const tooLate = sleep(patience, { payload: `{ "error": "not OPEN after ${patience / 1000} s" }` }, { ref: false });
  const { openMs, error } = JSON.parse((await Promise.race([opened, tooLate])).payload);
  const { TaskDuration: after } = await page.metrics();
  if (error) throw new Failure(`${subject} cannot log in: ${error}`);
  const idle = await usedBytes(page);
  await page.close();
  return { openMs, busyMs: 1000 * (after - before), bytes: { idle, empty } };
}

/** What is left when all garbage is gone: JavaScript's heap and the memories of WebAssembly. */
async function usedBytes(page) {
  for (let times = 0; times < 3; times += 1) await page.send('HeapProfiler.collectGarbage');
  const { result: prototype } = await page.send('Runtime.evaluate', { expression: 'WebAssembly.Memory.prototype' });
  const { objects } = await page.send('Runtime.queryObjects', { prototypeObjectId: prototype.objectId });
  const { result } = await page.send('Runtime.callFunctionOn', {
    objectId: objects.objectId,
    functionDeclaration: 'function () { return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0); }',
    returnByValue: true,
  });
  const { JSHeapUsedSize } = await page.metrics();
  return JSHeapUsedSize + result.value;
}
