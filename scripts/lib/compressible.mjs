import { readFile, rm, writeFile } from 'node:fs/promises';
import { Failure, capture } from './process.mjs';
import { features } from './wasm-opt.mjs';
import { functionsOf, nameSection } from './wasm-sections.mjs';

/**
 * Has a module and its glue compress better. What they have from each other gets names of a letter or two: those that wasm-bindgen makes
 * end in sixteen digits at random, and stand in both. Functions that have much in common come one after the other.
 */
export async function makeCompressible({ wasm, glue }) {
  const named = `${wasm}.named`;
  await writeFile(named, withNamesByLikeness(await readFile(wasm)));
  const passes = ['--reorder-functions-by-name', '--minify-imports-and-exports-and-modules'];
  const output = await capture('wasm-opt', [named, '--output', wasm, ...features, ...passes]);
  await rm(named);
  if (!output) throw new Failure(`wasm-opt cannot shorten the names in ${wasm}.`);
  const names = JSON.parse(output);
  await writeFile(glue, useShortNames(await readFile(glue, 'utf8'), names));
}

/** So many bytes in a row count as something in common. */
const stretch = 6;
/** How many bytes of functions before a place are compared with what might come there. */
const windowSize = 4_000;

/** The module with names for its functions, by which they are to be sorted. */
function withNamesByLikeness(module) {
  const { bodies, imported } = functionsOf(module);
  const names = [];
  orderByLikeness(bodies).forEach((index, place) => {
    names[imported + index] = String(place).padStart(6, '0');
  });
  return Buffer.concat([module, nameSection(names)]);
}

/**
 * The numbers of functions in an order in which each has much in common with those before it: of what is left, the one comes next
 * of whose bytes the most are stretches that these have as well, rare ones for more than those that are everywhere.
 */
function orderByLikeness(bodies) {
  const stretchesOf = bodies.map(stretchesIn);
  const having = new Map();
  stretchesOf.forEach((stretches, index) => {
    for (const text of stretches) {
      if (!having.has(text)) having.set(text, []);
      having.get(text).push(index);
    }
  });
  const inCommon = new Float64Array(bodies.length);
  const inWindow = new Map();
  const count = (index, change) => {
    for (const text of stretchesOf[index]) {
      const before = inWindow.get(text) ?? 0;
      inWindow.set(text, before + change);
      if (before !== 0 && before + change !== 0) continue;
      const all = having.get(text);
      for (const other of all) inCommon[other] += change / all.length ** 0.25;
    }
  };

  const left = new Set(bodies.keys());
  const window = [];
  let bytes = 0;
  const order = [];
  while (left.size > 0) {
    let next;
    let most = -1;
    for (const index of left) {
      // Short ones have little to compare.
      const likeness = inCommon[index] / (bodies[index].length + 20);
      if (likeness > most) [next, most] = [index, likeness];
    }
    left.delete(next);
    order.push(next);
    window.push(next);
    count(next, 1);
    bytes += bodies[next].length;
    while (bytes > windowSize && window.length > 1) {
      const first = window.shift();
      count(first, -1);
      bytes -= bodies[first].length;
    }
  }
  return order;
}

function stretchesIn(body) {
  const text = Buffer.from(body).toString('latin1');
  const found = new Set();
  for (let at = 0; at + stretch <= text.length; at += 1) found.add(text.slice(at, at + stretch));
  return found;
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
