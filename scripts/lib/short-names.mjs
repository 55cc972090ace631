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
  const replace = (pattern, replacement) => {
    if (!pattern.test(glue)) throw new Failure(`The glue that wasm-bindgen makes has changed: it does not match ${pattern}.`);
    glue = glue.replace(pattern, replacement);
  };
  const ownModule = './deepstream_wasm_bg.js';
  const fromElsewhere = imports.filter(([module]) => module !== ownModule);
  for (const [module, name, short] of imports) {
    if (module === ownModule) replace(new RegExp(`^        ${name}:`, 'm'), () => `        ${short}:`);
  }
  for (const [name, short] of exports) glue = glue.replace(new RegExp(`\\bwasm\\.${name}\\b`, 'g'), () => `wasm.${short}`);
  // All of it is in one module now; what is imported from other scripts as it is as well.
  const others = fromElsewhere.map(([module, name, short]) => {
    const [, namespace] = new RegExp(`^import \\* as (\\w+) from "${module}"`, 'm').exec(glue) ?? [];
    return `, ${short}: ${namespace}.${name}`;
  });
  replace(/"\.\/deepstream_wasm_bg\.js": import0,\n(?:.*: import\d+,\n)*/, () => `a: { ...import0${others.join('')} },\n`);
  return glue;
}
