// Browser engines behind one small interface: tabs that share storage, and what a test does with each.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { browserFlags } from '../../scripts/setup.mjs';
import { freePort, loopback } from '../harness/ports.mjs';

/** Milliseconds that a page, or a driver, may take for one thing. */
const deadline = 30_000;

/**
 * @typedef {object} Tab
 * @property {(url: string) => Promise<void>} goto
 * @property {(f: Function, ...parameters: unknown[]) => Promise<any>} evaluate calls a function in the page, and awaits it
 * @property {() => Promise<void>} reload
 * @property {() => Promise<void>} back
 * @property {() => Promise<void>} close
 */

/**
 * What starts each engine, given its programs (see scripts/lib/engines.mjs).
 * @type {Record<string, (programs: Record<string, string>) => Promise<{ version: string, openTab(): Promise<Tab>, stop(): Promise<void> }>>}
 */
export const starters = {
  // Puppeteer keeps pages out of the back/forward cache, and people do not.
  chromium: ({ chrome }) =>
    startWithPuppeteer({ executablePath: chrome, args: browserFlags, ignoreDefaultArgs: ['--disable-back-forward-cache'] }),
  firefox: ({ firefox }) => startWithPuppeteer({ browser: 'firefox', executablePath: firefox }),
  webkit: startWebKit,
};

async function startWithPuppeteer(options) {
  const browser = await puppeteer.launch({ headless: true, ...options });
  return {
    version: await browser.version(),
    async openTab() {
      const page = await browser.newPage();
      page.setDefaultTimeout(deadline);
      return {
        goto: (url) => page.goto(url),
        evaluate: (f, ...parameters) => page.evaluate(f, ...parameters),
        reload: () => page.reload(),
        back: () => page.goBack({ waitUntil: [] }),
        close: () => page.close(),
      };
    },
    stop: () => browser.close(),
  };
}

/** WebKitGTK by the WebDriver protocol, on a display of its own. */
async function startWebKit({ driver, miniBrowser, xvfb }) {
  const home = await mkdtemp(join(tmpdir(), 'deepstream-wasm-webkit-'));
  const display = spawn(xvfb, ['-displayfd', '1', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ends = once(display, 'exit').then(() => Promise.reject(new Error(`${xvfb} has ended`)));
  ends.catch(() => {});
  const [number] = await Promise.race([once(display.stdout, 'data'), ends]);
  const port = await freePort();
  const driving = spawn(driver, [`--port=${port}`], {
    // As root there is no sandbox to be had.
    env: { ...process.env, HOME: home, DISPLAY: `:${String(number).trim()}`, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' },
    stdio: 'ignore',
  });

  const ask = async (method, path, body) => {
    const response = await fetch(`http://${loopback}:${port}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
      signal: AbortSignal.timeout(2 * deadline),
    });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${value.error} ${value.message}`);
    return value;
  };
  const stop = async () => {
    for (const child of [driving, display]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill();
      await once(child, 'exit');
    }
    await rm(home, { recursive: true, force: true });
  };

  try {
    for (const end = Date.now() + deadline; ; ) {
      const isReady = await ask('GET', '/status').then(() => true, () => false);
      if (isReady) break;
      if (Date.now() > end) throw new Error(`${driver} does not answer`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { sessionId, capabilities } = await ask('POST', '/session', {
      capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': { binary: miniBrowser, args: ['--automation'] } } },
    });
    const session = `/session/${sessionId}`;
    await ask('POST', `${session}/timeouts`, { script: deadline, pageLoad: deadline });

    /** A driver has one window at a time that it talks to. */
    let last = Promise.resolve();
    const within = (handle, work) => {
      const next = last.then(async () => {
        await ask('POST', `${session}/window`, { handle });
        return work();
      });
      last = next.catch(() => {});
      return next;
    };
    const [first] = await ask('GET', `${session}/window/handles`);
    return {
      version: `${capabilities.browserName} ${capabilities.browserVersion}`,
      async openTab() {
        // The first window stays: the browser ends with its last one.
        const { handle } = await within(first, () => ask('POST', `${session}/window/new`, { type: 'tab' }));
        const here = (method, path, body) => within(handle, () => ask(method, `${session}${path}`, body));
        return {
          goto: (url) => here('POST', '/url', { url }),
          async evaluate(f, ...parameters) {
            const script = `
              const done = arguments[arguments.length - 1];
              (async () => (${f})(...arguments[0]))().then((value) => done({ value }), (error) => done({ error: String(error?.stack ?? error) + error }));
            `;
            const { value, error } = await here('POST', '/execute/async', { script, args: [parameters] });
            if (error !== undefined) throw new Error(error);
            return value ?? undefined;
          },
          reload: () => here('POST', '/refresh', {}),
          back: () => here('POST', '/back', {}),
          close: () => here('DELETE', '/window'),
        };
      },
      async stop() {
        await ask('DELETE', session).catch(() => {});
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
