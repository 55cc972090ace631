import { capture, Failure } from './process.mjs';

let manifest;

/** The crate's own entry of `cargo metadata`: name, version, description, license, repository, dependencies. */
export function crateManifest() {
  manifest ??= read();
  return manifest;
}

/** The version of wasm-bindgen that Cargo.toml pins, which its command line tools must share. */
export async function wasmBindgenVersion() {
  const { dependencies } = await crateManifest();
  const requirement = dependencies.find(({ name, kind }) => name === 'wasm-bindgen' && kind === null)?.req ?? '';
  const version = /^=(\d+\.\d+\.\d+)$/.exec(requirement)?.[1];
  if (!version) throw new Failure(`Cargo.toml must pin wasm-bindgen as "=x.y.z", but says "${requirement}".`);
  return version;
}

async function read() {
  const output = await capture('cargo', ['metadata', '--no-deps', '--format-version', '1']);
  if (!output) throw new Failure('`cargo metadata` failed: run it to see why.');
  return JSON.parse(output).packages[0];
}
