import { readFile, rename, writeFile } from 'node:fs/promises';
import { crateManifest } from './crate.mjs';
import { Failure, capture } from './process.mjs';

/**
 * Gives what the module and its glue have from each other names of a letter or two. Those that wasm-bindgen makes end in sixteen
 * digits at random, which do not compress, and stand in both.
 */
export async function shortenNames({ wasm, glue }) {
  const { metadata } = await crateManifest();
  const features = metadata['wasm-pack'].profile.release['wasm-opt'].filter((flag) => flag.startsWith('--enable-'));
  const shorter = `${wasm}.short`;
  const output = await capture('wasm-opt', [wasm, '--output', shorter, ...features, '--minify-imports-and-exports-and-modules']);
  if (!output) throw new Failure(`wasm-opt cannot shorten the names in ${wasm}.`);
  const names = JSON.parse(output);
  await writeFile(glue, useShortNames(await readFile(glue, 'utf8'), names));
  await rename(shorter, wasm);
}

/** The glue with the names that wasm-opt gave to imports, `[module, name, short name]`, and to exports, `[name, short name]`. */
function useShortNames(glue, { imports, exports }) {
  const find = (pattern) => {
    const found = pattern.exec(glue);
    if (!found) throw new Failure(`The glue that wasm-bindgen makes has changed: it does not match ${pattern}.`);
    return found;
  };
  const replace = (pattern, replacement) => {
    find(pattern);
    glue = glue.replace(pattern, () => replacement);
  };
  // What is imported from other scripts as it is.
  let others = '';
  for (const [module, name, short] of imports) {
    if (module === './deepstream_wasm_bg.js') {
      replace(new RegExp(`^        ${name}:`, 'm'), `        ${short}:`);
    } else {
      const [, namespace] = find(new RegExp(`^import \\* as (\\w+) from "${module}"`, 'm'));
      others += `, ${short}: ${namespace}.${name}`;
    }
  }
  for (const [name, short] of exports) glue = glue.replace(new RegExp(`\\bwasm\\.${name}\\b`, 'g'), () => `wasm.${short}`);
  // All of it is in one module now.
  replace(/"\.\/deepstream_wasm_bg\.js": import0,\n(?:.*: import\d+,\n)*/, `a: { ...import0${others} },\n`);
  return glue;
}
