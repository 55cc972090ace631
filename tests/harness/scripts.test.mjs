// The scripts of package.json install what is missing, so they must start where nothing is installed.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const staticImport = /^(?:import|export) (?:[^'"]* from )?'([^']+)';$/gm;

/** What a script and the files that it imports take from elsewhere before their first line runs. */
async function importedBy(url, found = new Map()) {
  if (found.has(url.href)) return found;
  const imports = [...(await readFile(url, 'utf8')).matchAll(staticImport)].map(([, from]) => from);
  found.set(url.href, imports.filter((from) => !from.startsWith('.') && !from.startsWith('node:')));
  for (const from of imports.filter((from) => from.startsWith('.'))) await importedBy(new URL(from, url), found);
  return found;
}

for (const script of ['setup', 'build', 'test', 'start', 'size']) {
  test(`scripts/${script}.mjs starts where no package is installed`, async () => {
    const imported = await importedBy(new URL(`../../scripts/${script}.mjs`, import.meta.url));
    assert.ok(imported.size > 2);
    assert.deepEqual([...imported].filter(([, packages]) => packages.length > 0), []);
  });
}
