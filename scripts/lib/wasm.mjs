import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { makeCompressible } from './compressible.mjs';
import { inRoot } from './paths.mjs';
import { capture, run } from './process.mjs';
import { features as wasmFeatures, optimise } from './wasm-opt.mjs';

/**
 * The modules that are built: with which features of the crate, and where each of them and its glue are, and what puts it together
 * again where it is text. src/browser/js imports the first.
 */
export const modules = {
  whole: describeModule('glue', []),
  core: describeModule('glue-core', ['--no-default-features']),
};

function describeModule(directory, features) {
  const inDirectory = (name) => inRoot('target', directory, name);
  return {
    directory,
    features,
    glue: inDirectory('deepstream_wasm.js'),
    wasm: inDirectory('deepstream_wasm_bg.wasm'),
    packer: inDirectory('packer.wasm'),
    unpacker: inDirectory('unpacker.wasm'),
  };
}

const sources = [
  ...['.cargo', 'examples/unpacker.rs', 'src', 'Cargo.toml', 'Cargo.lock', 'rust-toolchain.toml'],
  ...['compressible.mjs', 'wasm.mjs', 'wasm-opt.mjs', 'wasm-sections.mjs'].map((file) => `scripts/lib/${file}`),
];
/** The module imports plain JavaScript; TypeScript is compiled into the package beside it. */
const isSource = (file) => !file.endsWith('.ts');

/** Compiles the crate to all {@link modules} that were not made from these very sources. */
export async function buildWasm() {
  for (const [name, module] of Object.entries(modules)) await buildModule(name, module);
}

async function buildModule(name, { directory, features, glue, wasm, packer, unpacker }) {
  const stamp = inRoot('target', directory, '.source-hash');
  const hash = await hashSources();
  const isCurrent = [glue, wasm, packer, unpacker, stamp].every(existsSync) && (await readFile(stamp, 'utf8')) === hash;
  if (isCurrent) return;
  await rm(inRoot('target', directory), { recursive: true, force: true });
  await mkdir(inRoot('target', directory), { recursive: true });
  console.log(`Compiling the WebAssembly module (${name}; about a minute the first time).`);
  await linkModule({ directory: inRoot('target', directory), name: 'deepstream_wasm', features });
  await optimise(wasm, wasm);
  await makeCompressible({ wasm, glue });
  await buildUnpacker(packer, ['--cfg', 'takes_apart']);
  await buildUnpacker(unpacker, []);
  for (const path of [wasm, unpacker]) await describeAsText(path);
  // The build itself may have written Cargo.lock.
  await writeFile(stamp, await hashSources());
}

/**
 * Compiles the crate to a module with its glue, and returns where the module is. The kind of crate is said here, and not left to
 * Cargo.toml: where a library for Rust is made as well, cargo optimises neither together with what it stands on.
 */
export async function linkModule({ directory, name, features = [], targetDirectory = inRoot('target'), env }) {
  const target = 'wasm32-unknown-unknown';
  const flags = ['--config', `target.${target}.rustflags=${JSON.stringify(await pathFlags())}`];
  const kind = ['--release', '--lib', '--crate-type', 'cdylib', '--target', target, '--target-dir', targetDirectory];
  await run('cargo', ['rustc', ...kind, ...features, ...flags], { env });
  const compiled = join(targetDirectory, target, 'release', 'deepstream_wasm.wasm');
  // The entries in src/browser/js say where the module is; bundlers would look for a file they do not need.
  const glue = ['--target', 'web', '--omit-default-module-path'];
  await run('wasm-bindgen', [...glue, '--out-dir', directory, '--out-name', name, compiled]);
  return join(directory, `${name}_bg.wasm`);
}

/** Has the compiler name sources as those do who have published them: the module tells of no machine, and is the same from each. */
async function pathFlags() {
  const [sysroot, version] = await Promise.all([capture('rustc', ['--print', 'sysroot']), capture('rustc', ['-vV'])]);
  const [, commit] = /^commit-hash: (.*)$/m.exec(version);
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
  return [
    [join(sysroot, 'lib/rustlib/src/rust'), `/rustc/${commit}`],
    [join(cargoHome, 'registry', 'src'), ''],
  ].map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
}

/** A crate of one file that needs nothing: for the compiler alone, without all that the tests of this one depend on. */
async function buildUnpacker(output, kind) {
  const options = ['opt-level=s', 'panic=abort', 'strip=symbols', 'link-arg=-zstack-size=4096'].flatMap((option) => ['-C', option]);
  const source = inRoot('examples', 'unpacker.rs');
  const linked = `${output}.linked`;
  await run('rustc', ['--edition', '2024', '--target', 'wasm32-unknown-unknown', '--crate-type', 'cdylib', ...options, ...kind, source, '-o', linked]);
  await run('wasm-opt', [linked, '--output', output, '-Os', '--strip-producers', '--strip-target-features', ...wasmFeatures]);
  await rm(linked);
}

/** The build puts text in the place of a module, which wasm-bindgen's own description does not know. */
async function describeAsText(wasm) {
  await writeFile(wasm.replace(/\.wasm$/, '.d.wasm.ts'), 'declare const text: string;\nexport default text;\n');
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
