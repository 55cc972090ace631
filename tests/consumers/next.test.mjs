// Next with the App Router, as docs/bundlers.md shows it: built, served, and opened.
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { freePort } from '../harness/deepstream-server.mjs';
import { builtFor, shareNote, showNews, titleOf } from './pages.mjs';
import { inProject, run, runtime, start, timeout, writeDocumented } from './support.mjs';

const env = { NEXT_TELEMETRY_DISABLED: '1' };
const next = ['node_modules/next/dist/bin/next'];

/** Uses an entry in an effect. */
const effectOf = (entry, load, url) => `
  'use client';

  import { useEffect } from 'react';
  import * as entry from 'deepstream-wasm/${entry}';

  export default function Page() {
    useEffect(() => {
      const work = async () => {
        ${load}
        const client = new entry.DeepstreamClient(${JSON.stringify(url)});
        await client.login({ username: 'ada' });
        document.title = await client.event.emit('greeting', 'hello', { receipt: true });
        client.close();
      };
      work().catch((error) => (document.title = error.code + ': ' + error.message));
    }, []);
    return null;
  }
`;

describe('Next', () => {
  const built = builtFor(async (world) => {
    await writeDocumented(['app/note.jsx', 'app/page.jsx', 'app/news/page.jsx'], world.url);
    for (const [entry, load] of Object.entries({ core: '', url: 'await entry.init();' })) {
      await mkdir(inProject('app', entry));
      await writeFile(inProject('app', entry, 'page.jsx'), effectOf(entry, load, world.url));
    }
    await run(runtime, [...next, 'build'], env);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const { answers, stop } = start(runtime, [...next, 'start', '--hostname', '127.0.0.1', '--port', String(port)], env);
    try {
      await answers(url);
    } catch (error) {
      await stop();
      throw error;
    }
    return { url, stop };
  });

  test('dials nothing while it is built and while it renders on the server', { timeout }, async () => {
    const prerendered = await readFile(inProject('.next/server/app/index.html'), 'utf8');
    const live = await (await fetch(`${built.site.url}/live`)).text();
    const before = /<label>CLOSED(<!-- -->)? (<!-- -->)?<input value=""\/><\/label>/;
    for (const html of [prerendered, live]) assert.match(html, before);
    assert.equal(built.world.dialled(), 0);
  });

  for (const [path, how] of Object.entries({ '/': 'prerendered', '/live': 'rendered for each visit' })) {
    test(`shares a note on a page that is ${how}`, { timeout }, () => shareNote(built.world, built.site.url + path));
  }

  test('shows news on a page without the hooks', { timeout }, () => showNews(built.world, `${built.site.url}/news`));

  for (const entry of ['core', 'url']) {
    test(`bundles deepstream-wasm/${entry}`, { timeout }, async () => {
      assert.equal(await titleOf(built.world, `${built.site.url}/${entry}`), 'delivered');
    });
  }
});
