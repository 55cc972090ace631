// The API reference, as `npm run docs` makes it.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import ts from 'typescript-5.2';
import { referenceCommand } from '../../scripts/docs.mjs';
import { inRepository, run } from './consumer.mjs';

/** The name that an entry is imported by, and its declarations. */
const { name, exports } = JSON.parse(await readFile(inRepository('pkg', 'package.json'), 'utf8'));
const entries = Object.entries(exports)
  .map(([path, { types, import: imported }]) => [name + path.slice(1), types ?? imported?.types])
  .filter(([, types]) => types !== undefined);

test('the reference has every entry with all that it exports, and typedoc has nothing to warn of', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'deepstream-wasm-reference-'));
  after(() => rm(directory, { recursive: true, force: true }));
  const json = join(directory, 'reference.json');
  await run(process.execPath, [...referenceCommand(join(directory, 'pages')), '--json', json], inRepository());

  const reference = JSON.parse(await readFile(json, 'utf8'));
  const files = entries.map(([, types]) => inRepository('pkg', types));
  const program = ts.createProgram(files, { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler });
  const checker = program.getTypeChecker();
  assert.deepEqual(reference.children.map((module) => module.name).sort(), entries.map(([entry]) => entry).sort());
  for (const [index, [entry]] of entries.entries()) {
    const documented = new Set(reference.children.find((module) => module.name === entry).children.map((child) => child.name));
    const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(files[index])));
    assert.ok(exported.length > 0, entry);
    assert.deepEqual([...documented].sort(), exported.map((symbol) => symbol.name).sort(), entry);
  }
  const page = await readFile(join(directory, 'pages/interfaces/deepstream-wasm.DeepstreamClient.html'), 'utf8');
  for (const member of ['connection', 'event', 'login', 'record']) assert.match(page, new RegExp(`id="${member}"`), member);
});
