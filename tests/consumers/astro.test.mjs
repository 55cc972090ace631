// Astro, as docs/bundlers.md shows it: built, served as files, and opened.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { builtFor, serveBuilt, shareNote } from './pages.mjs';
import { inProject, run, runtime, timeout, writeDocumented } from './support.mjs';

describe('Astro', () => {
  const built = builtFor(async (world) => {
    await writeDocumented(['app/note.jsx', 'src/pages/index.astro', 'src/pages/island.astro'], world.url);
    await run(runtime, ['node_modules/astro/bin/astro.mjs', 'build'], { ASTRO_TELEMETRY_DISABLED: '1' });
    return serveBuilt();
  });

  test('dials nothing while it renders', { timeout }, async () => {
    const html = await readFile(inProject('dist/island/index.html'), 'utf8');
    assert.match(html, /<label>CLOSED(<!-- -->)? (<!-- -->)?<input value=""\/><\/label>/);
    assert.equal(built.world.dialled(), 0);
  });

  test('shares a note, by a script of the page', { timeout }, () => shareNote(built.world, `${built.site.url}/`));

  test('shares a note, by a component of React', { timeout }, () => shareNote(built.world, `${built.site.url}/island/`));
});
