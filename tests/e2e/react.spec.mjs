// The hooks of deepstream-wasm/react in pages, with React 18 and 19, under StrictMode, against a real server.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { expect, test as base } from './support/test.mjs';

const users = Object.fromEntries(['ann', 'bob', 'cat'].map((name) => [name, { password: `${name}'s` }]));

for (const version of [18, 19]) {
  const directory = inRoot('target', `react-${version}`);
  const alias = {
    ...(version === 18 ? { react: 'react-18', 'react-dom': 'react-dom-18' } : {}),
    'deepstream-wasm/react': inRoot('pkg', 'react.mjs'),
    'deepstream-wasm/status': inRoot('pkg', 'status.mjs'),
    'deepstream-wasm': inRoot('pkg', 'index.mjs'),
  };
  const bundle = (source, outfile, platform) =>
    build({
      entryPoints: [inRoot('tests', 'e2e', 'pages', 'react', source)],
      outfile: join(directory, outfile),
      bundle: true,
      jsx: 'automatic',
      format: platform === 'node' ? 'cjs' : 'esm',
      platform,
      alias,
      define: { 'process.env.NODE_ENV': '"development"' },
      logLevel: 'error',
    });

  const test = base.extend({
    /** Opens the application, and gives the page with a count of its sockets. */
    show: async ({ openPage, startDeepstream, startSite }, use) => {
      const server = await startDeepstream({ users });
      const site = await startSite({ directories: { '/': directory } });
      let pages = 0;
      await use(async ({ html = '', mode = 'made', ...options } = {}) => {
        const settings = JSON.stringify({ url: server.url, mode, ...options });
        const file = `page-${(pages += 1)}.html`;
        await writeFile(
          join(directory, file),
          `<!doctype html><link rel="icon" href="data:," /><script type="application/json" id="settings">${settings}</script>
          <div id="root">${html}</div><script type="module" src="page.js"></script>`,
        );
        const page = await openPage();
        const sockets = { made: 0, open: 0 };
        page.on('websocket', (socket) => {
          sockets.made += 1;
          sockets.open += 1;
          socket.on('close', () => (sockets.open -= 1));
        });
        await page.goto(`${site.url}/${file}`);
        return { page, server, sockets };
      });
    },

    /** Another user, in a page without React. */
    bob: async ({ show, visit }, use) =>
      use(async (server) => {
        const bob = await visit(server);
        expect(await bob.login({ username: 'bob', password: "bob's" })).toEqual({ data: null });
        return bob.page;
      }),
  });

  test.describe(`with React ${version}`, () => {
    test.beforeAll(async () => {
      await rm(directory, { recursive: true, force: true });
      await mkdir(directory, { recursive: true });
      await Promise.all([bundle('page.jsx', 'page.js', 'browser'), bundle('server.jsx', 'server.cjs', 'node')]);
    });

    const text = (page, id) => expect(page.locator(`#${id}`));

    test('all hooks show what is there, and what others do', async ({ show, bob: enter }) => {
      const { page, server, sockets } = await show();
      await text(page, 'connection').toHaveText('OPEN 0 with a client');
      expect(sockets, 'sockets under StrictMode').toEqual({ made: 1, open: 1 });
      expect(await page.evaluate(() => clients.map((client) => client.getConnectionState()))).toEqual(['CLOSED', 'OPEN']);
      await text(page, 'note').toHaveText('{}');
      await text(page, 'books').toHaveText('0:');
      await text(page, 'presence').toHaveText('{"bob":false,"cat":false}');

      const bob = await enter(server);
      await text(page, 'presence').toHaveText('bob {"bob":true,"cat":false}');
      await bob.evaluate(async () => {
        client.rpc.provide('add', ([a, b]) => a + b);
        client.event.subscribe('chat', (line) => (globalThis.line = line));
        globalThis.note = await client.record.getRecord('note').whenReady();
        globalThis.books = await client.record.getList('books').whenReady();
        note.set({ title: 'Shopping' });
        books.addEntry('books/1');
      });
      await text(page, 'note').toHaveText('{"title":"Shopping"}');
      await expect(page.locator('#title')).toHaveValue('Shopping');
      await text(page, 'title-status').toHaveText('ready');
      await text(page, 'books').toHaveText('1: books/1');

      // The callback of the last rendering is called: each line is added to those before.
      await page.click('#say');
      await page.click('#say');
      await text(page, 'chat').toHaveText('line 1,line 2');
      await expect.poll(() => bob.evaluate(() => globalThis.line)).toBe('line 2');
      await bob.evaluate(() => client.event.emit('chat', 'from bob'));
      await text(page, 'chat').toHaveText('line 1,line 2,from bob');

      await page.click('#add');
      await page.click('#remove');
      await text(page, 'books').toHaveText('1: books/2');
      await expect.poll(() => bob.evaluate(() => books.getEntries())).toEqual(['books/2']);
      await page.click('#empty');
      await text(page, 'books').toHaveText('0:');

      await page.click('#call');
      await text(page, 'sum').toHaveText('3');
      await bob.evaluate(() => client.rpc.unprovide('add'));
      await page.click('#call');
      await text(page, 'sum').toHaveText('NO_RPC_PROVIDER');

      await page.click('#shout');
      await text(page, 'note').toHaveText('{"title":"Shopping!"}');
      await page.click('#other');
      await page.click('#replace');
      await text(page, 'note').toHaveText('{"title":"replaced","by":"other"}');
      await expect.poll(() => bob.evaluate(() => client.record.snapshot('other'))).toEqual({ title: 'replaced', by: 'other' });
      await page.click('#none');
      await text(page, 'note').toHaveText('nothing');

      await bob.evaluate(() => client.close());
      await text(page, 'presence').toHaveText('{"bob":false,"cat":false}');
      // What is not different is not rendered again: once for the title it has, whatever else was said.
      const before = await page.evaluate(() => ({ ...renderings }));
      await page.click('#say');
      await text(page, 'chat').toContainText('line 4');
      expect(await page.evaluate(() => renderings)).toEqual(before);

      await page.evaluate(() => root.unmount());
      await expect.poll(() => sockets, 'sockets').toEqual({ made: 1, open: 0 });
      expect(await page.evaluate(() => clients.at(-1).getConnectionState())).toBe('CLOSED');
    });

    test('what is typed is there at once, and the caret stays where it is', async ({ show, bob: enter }) => {
      const { page, server } = await show();
      const input = page.locator('#title');
      // Before the record is loaded, too.
      await input.fill('ab');
      await text(page, 'title-status').toHaveText('ready');
      await expect(input).toHaveValue('ab');
      const bob = await enter(server);
      await bob.evaluate(async () => {
        const { MERGE_STRATEGIES } = await import('/pkg/index.mjs');
        globalThis.note = await client.record.getRecord('note').whenReady();
        note.setMergeStrategy(MERGE_STRATEGIES.THREE_WAY);
      });
      await expect.poll(() => bob.evaluate(() => note.get('title'))).toBe('ab');
      await input.focus();
      await page.keyboard.press('Home');
      await page.keyboard.press('ArrowRight');
      for (const key of 'xyz') {
        await page.keyboard.press(key);
        // Elsewhere in the record somebody else is at work.
        await bob.evaluate((value) => note.set('other', value), key);
      }
      await expect(input).toHaveValue('axyzb');
      expect(await input.evaluate(({ selectionStart }) => selectionStart)).toBe(4);
      await text(page, 'note').toHaveText('{"title":"axyzb","other":"z"}');
      await expect.poll(() => bob.evaluate(() => note.get('title'))).toBe('axyzb');
    });

    test('what waits for the server is counted, and is sent when it is back', async ({ show, startDeepstream }) => {
      const { page, server } = await show({ reconnectIntervalIncrement: 100, maxReconnectInterval: 300 });
      await text(page, 'connection').toHaveText('OPEN 0 with a client');
      await text(page, 'books').toHaveText('0:');
      await text(page, 'outbox').toHaveText('0:');
      await server.stop();
      // Each attempt is shown, not the states alone.
      await text(page, 'connection').toHaveText(/RECONNECTING ([3-9]|\d\d+) /);
      await page.click('#say');
      await page.click('#add');
      await text(page, 'outbox').toHaveText('2: chat,books');
      await text(page, 'books').toHaveText('1: books/1');
      await expect(page.locator('deepstream-status')).toHaveAttribute('state', 'reconnecting');
      await expect(page.locator('deepstream-status').getByText('2 changes waiting', { exact: true })).toBeVisible();
      await page.click('#call');
      await text(page, 'sum').toHaveText('pending');
      await startDeepstream({ users, port: server.port });
      await text(page, 'outbox').toHaveText('0:');
      await text(page, 'sum').toHaveText('NO_RPC_PROVIDER');
      await text(page, 'connection').toHaveText('OPEN 0 with a client');
    });

    test('a client that is given is not closed', async ({ show }) => {
      const { page, sockets } = await show({ mode: 'given' });
      await text(page, 'connection').toHaveText('OPEN 0 with a client');
      await text(page, 'books').toHaveText('0:');
      await page.evaluate(() => root.unmount());
      expect(await page.evaluate(() => clients.map((client) => client.getConnectionState()))).toEqual(['OPEN']);
      expect(sockets).toEqual({ made: 1, open: 1 });
      // Nothing that hooks began is left.
      expect(await page.evaluate(() => [...clients[0].eventNames(), ...clients[0].event.eventNames()])).toEqual(['error']);
    });

    test('a page is rendered on a server without a client, and hydrated', async ({ show }) => {
      const { html } = await import(pathToFileURL(join(directory, 'server.cjs')).href).then((module) => module.default);
      const rendered = html(() => {
        throw new Error('a client was made while rendering on a server');
      });
      expect(rendered).toContain('CLOSED');
      expect(rendered).toContain('without a client');
      const { page, sockets } = await show({ html: rendered });
      await text(page, 'connection').toHaveText('OPEN 0 with a client');
      await text(page, 'note').toHaveText('{}');
      expect(sockets).toEqual({ made: 1, open: 1 });
    });
  });
}
