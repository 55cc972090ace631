import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inRoot } from './paths.mjs';
import { run } from './process.mjs';

/** Where wasm-pack puts the module and its glue; src/browser/js imports them from there. */
export const glueDirectory = inRoot('target', 'glue');
export const glueScript = join(glueDirectory, 'deepstream_wasm.js');
export const wasmModule = join(glueDirectory, 'deepstream_wasm_bg.wasm');

const stamp = join(glueDirectory, '.source-hash');
const sources = ['src', 'Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml'];
/** The module imports plain JavaScript; TypeScript is compiled into the package beside it. */
const isSource = (file) => !file.endsWith('.ts');

/** Compiles the crate to target/glue/, unless that was made from these very sources. */
export async function buildWasm() {
  const hash = await hashSources();
  const isCurrent = [glueScript, wasmModule, stamp].every(existsSync) && (await readFile(stamp, 'utf8')) === hash;
  if (isCurrent) return;
  await rm(glueDirectory, { recursive: true, force: true });
  await mkdir(glueDirectory, { recursive: true });
  console.log('Compiling the WebAssembly module (about a minute the first time).');
  await run('wasm-pack', [
    ...['--log-level', 'error', 'build', '--release', '--target', 'web', '--mode', 'no-install', '--no-pack'],
    ...['--out-dir', 'target/glue', '--out-name', 'deepstream_wasm'],
  ]);
  await describeModuleAsText();
  // The build itself may have written Cargo.lock.
  await writeFile(stamp, await hashSources());
}

/** The build puts text in the place of the module, which wasm-bindgen's own description of it does not know. */
async function describeModuleAsText() {
  await rm(`${wasmModule}.d.ts`, { force: true });
  await writeFile(
    join(glueDirectory, 'deepstream_wasm_bg.d.wasm.ts'),
    'declare const text: string;\nexport default text;\n',
  );
}

async function hashSources() {
  const hash = createHash('sha256');
  for (const source of sources) {
    for (const file of (await filesOf(source)).filter(isSource)) hash.update(`${file}\0`).update(await readFile(inRoot(file))).update('\0');
  }
  return hash.digest('hex');
}

/** The file itself, all files below a directory in a fixed order, or nothing where it does not exist. */
async function filesOf(path) {
  if (!existsSync(inRoot(path))) return [];
  const entries = await readdir(inRoot(path), { recursive: true, withFileTypes: true }).catch((error) => {
    if (error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (!entries) return [path];
  return entries
    .filter((entry) => entry.isFile())
    // Node before 20.12 has no parentPath, Node from 24 on has no path.
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(inRoot().length))
    .sort();
}
