// The built package in pages, as it is served: no bundler, no build step.
import { readFile } from 'node:fs/promises';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { freePort } from '../harness/deepstream-server.mjs';
import { expect, test } from './support/test.mjs';

/** A site of one page with this script, inline or as a file of its own. */
function siteWith(script, { inline = true, headers = {} } = {}) {
  const element = inline ? `<script type="module">${script}</script>` : '<script type="module" src="script.mjs"></script>';
  const head = '<meta charset="utf-8"><title>The package in a page</title><link rel="icon" href="data:,">';
  const files = {
    '/': ['text/html', `<!doctype html>${head}${element}`],
    '/script.mjs': ['text/javascript', script],
  };
  return {
    headers,
    handle(request, response) {
      if (!Object.hasOwn(files, request.url)) return false;
      const [type, text] = files[request.url];
      response.writeHead(200, { ...headers, 'content-type': type }).end(text);
      return true;
    },
  };
}

/** What a page does with `client`, so that the test can see that it works. */
const converse = `
  const heard = [];
  client.event.subscribe('greeting', (data) => heard.push(data));
  client.login();
  globalThis.client = client;
  globalThis.heard = heard;
`;

async function expectConversation(page, other) {
  await expect.poll(() => page.evaluate(() => globalThis.client?.getConnectionState())).toBe('OPEN');
  const greet = async () => {
    await other.emit('greeting', { hello: 'there' });
    return page.evaluate(() => heard[0]);
  };
  await expect.poll(greet).toEqual({ hello: 'there' });
}

test('a script element and no await are enough', async ({ startDeepstream, startSite, openPage, visit }) => {
  const server = await startDeepstream({ port: await freePort(6020) });
  const site = await startSite(
    siteWith(`
      import { DeepstreamClient } from '/pkg/index.mjs';
      const client = new DeepstreamClient('localhost:${server.port}', { heartbeatInterval: 60000 });
      ${converse}
    `),
  );
  const other = await visit(server);
  await other.login();
  await expectConversation(await openPage(site.url), other);
});

test('the Content-Security-Policy of docs/deployment.md is enough', async ({ startDeepstream, startSite, openPage, visit }) => {
  const server = await startDeepstream();
  const script = `
    globalThis.violations = [];
    addEventListener('securitypolicyviolation', ({ violatedDirective }) => violations.push(violatedDirective));
    const { DeepstreamClient } = await import('/pkg/index.mjs');
    const client = new DeepstreamClient('${server.url}', { heartbeatWorker: '/pkg/timer-worker.js' });
    ${converse}
  `;
  const documentation = await readFile(inRoot('docs/deployment.md'), 'utf8');
  const [, documented] = /^Content-Security-Policy: (.*)$/m.exec(documentation);
  const headers = { 'content-security-policy': documented.replace('wss://example.com', new URL(server.url).origin) };
  const site = await startSite(siteWith(script, { inline: false, headers }));
  const other = await visit(server);
  await other.login();
  const page = await openPage(site.url);
  await expectConversation(page, other);
  expect(await page.evaluate(() => violations)).toEqual([]);
});

test('the other entry fetches the module beside it', async ({ startDeepstream, startSite, openPage, visit }) => {
  const server = await startDeepstream();
  const site = await startSite(
    siteWith(`
      import { DeepstreamClient, init } from '/pkg/url.mjs';
      await init();
      const client = new DeepstreamClient('${server.url}');
      ${converse}
    `),
  );
  const other = await visit(server);
  await other.login();
  const page = await openPage();
  const fetched = page.waitForResponse(/\.wasm$/);
  await page.goto(site.url);
  expect((await fetched).headers()['content-type']).toBe('application/wasm');
  await expectConversation(page, other);
});

test('a page without records leaves what was written to them to the next page with them', async ({
  startDeepstream, site, openPage,
}) => {
  const server = await startDeepstream();
  const context = (await openPage()).context();
  const openWith = async (entry, options) => {
    const page = await context.newPage();
    await page.goto(`${site.url}/empty.html`);
    await page.evaluate(
      async ([path, url, given]) => {
        const { DeepstreamClient } = await import(path);
        globalThis.client = new DeepstreamClient(url, given);
      },
      [`/pkg/${entry}.mjs`, server.url, options],
    );
    return page;
  };
  const stored = (page) => page.evaluate(() => Object.values(localStorage).filter((value) => value.includes('note')));

  const first = await openWith('index', { lazyConnect: true });
  await first.evaluate(() => client.record.setData('note', { text: 'hello' }));
  await expect.poll(() => stored(first)).toHaveLength(1);
  const [written] = await stored(first);
  await first.close();

  const core = await openWith('core');
  // What others have left goes before what is given here.
  await core.evaluate(() => client.login().then(() => client.event.emit('own', 1, { receipt: true })));
  expect(await stored(core)).toEqual([written]);
  await core.close();

  const last = await openWith('index');
  await last.evaluate(() => client.login().then(() => {}));
  const snapshot = () => last.evaluate(() => client.record.snapshot('note').catch(({ code }) => code));
  await expect.poll(snapshot).toEqual({ text: 'hello' });
  await expect.poll(() => stored(last)).toEqual([]);
});

test('importing does nothing', async ({ site, openPage }) => {
  const page = await openPage(`${site.url}/empty.html`);
  const touched = await page.evaluate(async () => {
    const touched = [];
    for (const name of ['WebSocket', 'setTimeout', 'setInterval', 'fetch', 'queueMicrotask', 'addEventListener']) {
      globalThis[name] = new Proxy(globalThis[name], {
        apply: () => touched.push(name),
        construct: () => touched.push(name) && {},
      });
    }
    for (const name of ['compile', 'instantiate', 'Module', 'Instance', 'Memory']) {
      Object.defineProperty(WebAssembly, name, { get: () => touched.push(name) });
    }
    await import('/pkg/index.mjs');
    await import('/pkg/url.mjs');
    return touched;
  });
  expect(touched).toEqual([]);
});

for (const kind of ['Worker', 'SharedWorker']) {
  test(`works in a ${kind}`, async ({ startDeepstream, site, openPage, visit }) => {
    const server = await startDeepstream();
    const page = await openPage(`${site.url}/empty.html`);
    await page.evaluate(
      ([name, url]) => {
        globalThis.reports = [];
        const worker = new globalThis[name]('/worker.mjs', { type: 'module' });
        globalThis.worker = worker;
        worker.onerror = ({ message }) => reports.push({ error: message ?? 'did not load' });
        const port = worker.port ?? worker;
        port.onmessage = ({ data }) => reports.push(data);
        port.postMessage(url);
      },
      [kind, server.url],
    );
    await expect.poll(() => page.evaluate(() => reports)).toContainEqual({ state: 'OPEN' });

    const other = await visit(server);
    await other.login();
    await other.hear('from the worker');
    const greet = async () => {
      await other.emit('to the worker', ['Grüße', 1]);
      return (await other.heard('from the worker'))[0];
    };
    await expect.poll(greet).toEqual({ heard: ['Grüße', 1] });
    expect(await page.evaluate(() => reports.filter(({ error }) => error))).toEqual([]);
  });
}
