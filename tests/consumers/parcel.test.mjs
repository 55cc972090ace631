// Parcel, as it is configured by default: pages are built, served as files, and opened.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { builtFor, serveBuilt, titleOf } from './pages.mjs';
import { inProject, run, runtime, timeout } from './support.mjs';

const entries = {
  default: ['deepstream-wasm', ''],
  core: ['deepstream-wasm/core', ''],
  url: ['deepstream-wasm/url', 'await entry.init();'],
};

/** Two clients of the page speak with one another; its title tells what was heard. */
const scriptOf = ([entry, load], url) => `
  import * as entry from '${entry}';

  const work = async () => {
    ${load}
    const [speaker, listener] = ['speaker', 'listener'].map(
      (key) => new entry.DeepstreamClient(${JSON.stringify(url)}, { subscriptionInterval: 0, outbox: { key } }),
    );
    await Promise.all([speaker.login(), listener.login()]);
    listener.event.subscribe('greeting', (data) => (document.title = data));
    // So that the server has the subscription before anything is said.
    await listener.event.emit('warm', 1, { receipt: true });
    speaker.event.emit('greeting', 'Grüße, 世界');
  };
  work().catch((error) => (document.title = error.code + ': ' + error.message));
`;

describe('Parcel', () => {
  const built = builtFor(async (world) => {
    for (const [name, entry] of Object.entries(entries)) {
      const script = `<script type="module" src="${name}.js"></script>`;
      const page = `<!doctype html><html lang="en"><link rel="icon" href="data:," />${script}</html>`;
      await writeFile(inProject(`${name}.html`), page);
      await writeFile(inProject(`${name}.js`), scriptOf(entry, world.url));
    }
    const pages = Object.keys(entries).map((name) => `${name}.html`);
    const env = { PARCEL_WORKERS: '0' };
    await run(runtime, ['node_modules/parcel/lib/bin.js', 'build', ...pages, '--no-cache', '--no-autoinstall'], env);
    return serveBuilt();
  });

  for (const [name, [entry]] of Object.entries(entries)) {
    test(`bundles ${entry}`, { timeout }, async () => {
      assert.equal(await titleOf(built.world, `${built.site.url}/${name}.html`), 'Grüße, 世界');
    });
  }
});
