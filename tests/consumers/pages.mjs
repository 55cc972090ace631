// What the tests of frameworks do with the pages that these have made, against a real server.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { WebSocket } from 'ws';
import { startDeepstreamServer } from '../harness/deepstream-server.mjs';
import { startStaticServer } from '../harness/static-server.mjs';
import { startTcpProxy } from '../harness/tcp-proxy.mjs';
import { inProject, launchBrowser, timeout } from './support.mjs';

/** Milliseconds until what a page waits for must be there. */
const patience = 60_000;

/**
 * Has a world, and the site that is built for it, while the tests of a suite run: `built.world` and `built.site`.
 * @param {(world) => Promise<{ stop: () => Promise<void> }>} build builds and serves it
 */
export function builtFor(build) {
  const built = {};
  before(async () => {
    built.world = await startWorld();
    built.site = await build(built.world);
  }, { timeout });
  after(async () => {
    await built.site?.stop();
    await built.world?.stop();
  }, { timeout });
  return built;
}

/** Serves what a project was built to. */
export const serveBuilt = () => startStaticServer({ directories: { '/': inProject('dist') } });

/** Starts a server, behind a network that knows who has dialled; a client of it that is no page; and a browser. */
async function startWorld() {
  const server = await startDeepstreamServer();
  const proxy = await startTcpProxy({ target: server.port });
  const browser = await launchBrowser();
  globalThis.WebSocket ??= WebSocket;
  const { DeepstreamClient } = await import(inProject('node_modules/deepstream-wasm/index.mjs'));
  const client = new DeepstreamClient(server.url, { outbox: { storage: 'memory' } });
  await client.login();
  const complaints = [];

  /** Opens a page in a profile of its own, as another person would. */
  async function open(url) {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => complaints.push(message.text()));
    await page.goto(url);
    return page;
  }

  return {
    /** For the pages. */
    url: server.url.replace(`:${server.port}/`, `:${proxy.port}/`),
    /** How many connections the pages, and what makes them, have ever opened. */
    dialled: () => proxy.accepted(),
    client,
    open,
    /** What pages have said on the console, and what they have not caught. */
    complaints: () => complaints.splice(0),
    async stop() {
      client.close();
      await browser.close();
      await proxy.stop();
      await server.stop();
    },
  };
}

/** Opens the page with a note twice: what the server has is there, and what one of both writes, the other sees. */
export async function shareNote({ client, open, complaints, dialled }, url) {
  const before = dialled();
  const text = `Shopping, ${Date.now()}`;
  await client.record.getRecord('note').setWithAck({ title: text });
  const [one, other] = [await open(url), await open(url)];
  const shows = (page, text) => page.waitForFunction((text) => document.querySelector('input')?.value === text, text);
  await Promise.all([shows(one, text), shows(other, text)]);
  await one.fill('input', `${text}: bread`);
  await shows(other, `${text}: bread`);
  await other.fill('input', `${text}: bread and milk`);
  await shows(one, `${text}: bread and milk`);
  assert.ok(dialled() >= before + 2, 'the pages have dialled elsewhere');
  assert.deepEqual(complaints(), []);
  for (const page of [one, other]) await page.context().close();
}

/** Opens the page with news: it shows what is emitted. */
export async function showNews({ client, open, complaints }, url) {
  const page = await open(url);
  const text = `It is raining, ${Date.now()}`;
  // The page may subscribe at any time.
  const emitting = setInterval(() => client.event.emit('news', text), 100);
  try {
    await page.waitForFunction((text) => document.querySelector('p').textContent === text, text);
  } finally {
    clearInterval(emitting);
  }
  assert.deepEqual(complaints(), []);
  await page.context().close();
}

/** Opens a page whose title tells what came of it. */
export async function titleOf({ open, complaints }, url) {
  const page = await open(url);
  const explain = ({ message }) => assert.fail([message, ...complaints()].join('\n'));
  await page.waitForFunction(() => document.title !== '').catch(explain);
  const title = await page.title();
  assert.deepEqual(complaints(), []);
  await page.context().close();
  return title;
}
