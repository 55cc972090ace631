// Prints what a page has to load, beside what the reference client costs; fails where it is more than it may be.
import { readFile } from 'node:fs/promises';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { inRoot, isMain } from './lib/paths.mjs';
import { Failure, main } from './lib/process.mjs';
import { build } from './build.mjs';
import { modules } from './lib/wasm.mjs';
import { setup } from './setup.mjs';

/**
 * The most that each entry may cost, as gzip -9 and brotli 11 compress it. Whoever makes one smaller lowers its line; whoever
 * must raise one says in the commit what the bytes buy.
 */
const ceilings = {
  'pkg/index.mjs (module inside)': [125_800, 111_200],
  'pkg/core.mjs (module inside)': [87_800, 77_500],
  'pkg/url.mjs + .wasm (two requests)': [137_000, 119_200],
  'pkg/react.mjs': [2_500, 2_300],
  'pkg/status.mjs': [2_800, 2_500],
};

const reference = inRoot('node_modules', '@deepstream', 'client', 'dist', 'bundle', 'ds.min.js');

/** Builds the package, prints its sizes, and fails where one is above its ceiling. */
export async function size() {
  await build();
  const wasm = measure(await readFile(modules.whole.wasm));
  const urlEntry = measure(await readFile(inRoot('pkg', 'url.mjs')));
  const rows = [
    ['WebAssembly module', wasm],
    ['glue, minified', measure(await minified(modules.whole.glue))],
    ['pkg/index.mjs (module inside)', measure(await readFile(inRoot('pkg', 'index.mjs')))],
    ['pkg/url.mjs + .wasm (two requests)', sum(urlEntry, wasm)],
    ['pkg/core.mjs (module inside)', measure(await readFile(inRoot('pkg', 'core.mjs')))],
    ['pkg/react.mjs', measure(await readFile(inRoot('pkg', 'react.mjs')))],
    ['pkg/status.mjs', measure(await readFile(inRoot('pkg', 'status.mjs')))],
    ['@deepstream/client ds.min.js', measure(await readFile(reference))],
  ];
  print(rows);
  for (const [name, [, ...compressed]] of rows) {
    const isTooMuch = ceilings[name]?.some((ceiling, column) => compressed[column] > ceiling);
    if (isTooMuch) throw new Failure(`${name} may have ${ceilings[name].join(' / ')} bytes: see scripts/size.mjs.`);
  }
}

/** Bytes as they are, with gzip -9 and with brotli 11. */
function measure(content) {
  const bytes = Buffer.from(content);
  const brotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
  return [bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes, brotliOptions).length];
}

/** Two files are compressed one by one, as a server sends them. */
function sum(one, other) {
  return one.map((bytes, column) => bytes + other[column]);
}

async function minified(path) {
  const esbuild = await import('esbuild');
  const { code } = await esbuild.transform(await readFile(path, 'utf8'), { minify: true, format: 'esm', target: 'es2022' });
  return code;
}

function print(rows) {
  const table = [['bytes', 'raw', 'gzip -9', 'brotli 11'], ...rows.map(([name, sizes]) => [name, ...sizes.map((size) => size.toLocaleString('en'))])];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  for (const row of table) {
    console.log(row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  '));
  }
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await setup();
    await size();
  });
}
