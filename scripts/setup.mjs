// Installs what building and testing need and is missing. Imports node's own modules only: it runs before `npm ci`.
import { readFile } from 'node:fs/promises';
import { wasmBindgenVersion } from './lib/crate.mjs';
import { nodeModulesMatchLock } from './lib/node-modules.mjs';
import { inRoot, isMain, toolsDirectory } from './lib/paths.mjs';
import { capture, Failure, main, run } from './lib/process.mjs';

export { browserFlags, ensureBrowser } from './lib/browser.mjs';

const oldestNode = 20;
const wasmTarget = 'wasm32-unknown-unknown';
const rustComponents = ['rustfmt', 'clippy'];

/** Checks every tool the build needs and installs the missing ones; says nothing where all is there. */
export async function setup() {
  ensureNode();
  await ensureRust();
  await ensureNodeModules();
  await ensureWasmBindgen();
}

function ensureNode() {
  if (Number.parseInt(process.versions.node, 10) < oldestNode) {
    throw new Failure(`Node ${oldestNode} or newer is needed; this is ${process.version}.`);
  }
}

async function ensureRust() {
  if (!(await capture('rustup', ['--version']))) {
    throw new Failure('Rust is needed and rustup was not found: install it from https://rustup.rs, then try again.');
  }
  let installed = await capture('rustup', ['component', 'list', '--installed']);
  if (installed === undefined) {
    const channel = /^channel = "(.+)"$/m.exec(await readFile(inRoot('rust-toolchain.toml'), 'utf8'))[1];
    console.log(`The Rust toolchain "${channel}" is missing: installing it.`);
    await run('rustup', ['toolchain', 'install', channel, '--profile', 'minimal', '--no-self-update']);
    installed = await capture('rustup', ['component', 'list', '--installed']);
  }
  const lines = (installed ?? '').split('\n');
  if (!lines.includes(`rust-std-${wasmTarget}`)) {
    console.log(`The Rust target ${wasmTarget} is missing: installing it.`);
    await run('rustup', ['target', 'add', wasmTarget]);
  }
  for (const component of rustComponents) {
    if (lines.some((line) => line.startsWith(`${component}-`))) continue;
    console.log(`The Rust component ${component} is missing: installing it.`);
    await run('rustup', ['component', 'add', component]);
  }
}

async function ensureNodeModules() {
  if (await nodeModulesMatchLock()) return;
  console.log('node_modules does not match package-lock.json: running npm ci (usually under a minute).');
  // No package here needs its install script, and nobody here can do anything about what npm warns of.
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error']);
}

async function ensureWasmBindgen() {
  const version = await wasmBindgenVersion();
  const programs = ['wasm-bindgen', 'wasm-bindgen-test-runner'];
  const found = await Promise.all(programs.map((program) => capture(program, ['--version'])));
  if (found.every((output) => output?.split(/\s+/).includes(version))) return;
  console.log(`wasm-bindgen ${version} is not on PATH: building it into .tools/ (once, usually 2 to 5 minutes).`);
  await run('cargo', ['install', 'wasm-bindgen-cli', '--version', version, '--root', toolsDirectory, '--force']);
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await setup();
    console.log('Everything that building needs is installed.');
  });
}
