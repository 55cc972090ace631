// Makes pkg/, the npm package.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { crateManifest } from './lib/crate.mjs';
import { moduleAsText } from './lib/module-text.mjs';
import { inRoot, isMain } from './lib/paths.mjs';
import { Failure, main, run, timed } from './lib/process.mjs';
import { buildWasm, modules } from './lib/wasm.mjs';
import { setup } from './setup.mjs';

const packageDirectory = inRoot('pkg');
/** Where the package is put together, so that a build that fails leaves the last good one alone. */
const workDirectory = inRoot('target', 'pkg');
/** What esbuild says of url.mjs, which is all of the script without the module. */
export const partsOfScript = inRoot('target', 'url.mjs.json');
const inPackage = (name) => join(workDirectory, name);
/** What the classic script leaves behind, as that of @deepstream/client does: an object with all that is exported. */
const globalName = 'DeepstreamClient';
const typescriptDirectory = inRoot('src', 'browser', 'js');

/** Builds the whole package; setup must have run. */
export async function build() {
  const crate = await crateManifest();
  await buildWasm();
  await rm(workDirectory, { recursive: true, force: true });
  await mkdir(workDirectory);
  await Promise.all([bundle(crate), emitDeclarations(), renderManifest(crate), copyDocuments()]);
  await nameSourcesWithin();
  await rm(packageDirectory, { recursive: true, force: true });
  await rename(workDirectory, packageDirectory);
}

async function bundle({ name, version, license, repository }) {
  // What npm installs is imported when it is there.
  const [esbuild, sourceMaps] = await Promise.all([import('esbuild'), import('@jridgewell/sourcemap-codec')]);
  const texts = new Map();
  for (const module of Object.values(modules)) texts.set(module, await moduleAsText(module));
  const comment = `/*! ${name} ${version} | ${license} | ${repository} */`;
  /** What goes with a client, and works with those of any entry: it holds none of the client itself. */
  const bundleCompanion = async (source, output, directive = '') => {
    for (const format of ['esm', 'cjs']) {
      const outfile = inPackage(`${output}.${format === 'esm' ? 'mjs' : 'cjs'}`);
      await esbuild.build({
        entryPoints: [join(typescriptDirectory, source)],
        outfile,
        bundle: true,
        minify: true,
        sourcemap: 'linked',
        format,
        platform: 'neutral',
        external: ['react'],
        target: 'es2022',
        banner: { js: `${comment}${directive && `\n${directive};`}` },
        legalComments: 'none',
        logLevel: 'warning',
        lineLimit: 500,
      });
    }
  };
  const bundleOne = async (source, output, format, { moduleSource, module = modules.whole } = {}) => {
    const moduleText = texts.get(module);
    const { outputFiles, metafile } = await esbuild.build({
      entryPoints: [join(typescriptDirectory, source)],
      outfile: inPackage(output),
      write: false,
      metafile: output === 'url.mjs',
      bundle: true,
      minify: true,
      sourcemap: 'linked',
      format,
      globalName,
      define: { PACKAGE_VERSION: JSON.stringify(version) },
      platform: 'neutral',
      external: ['node:*'],
      target: 'es2022',
      banner: { js: comment },
      legalComments: 'none',
      logLevel: 'warning',
      loader: { '.wasm': 'base64' },
      plugins: [glueOf(module), sharedScripts, gentleGlue, moduleSource ? sourceOfModule(moduleSource) : modulePlace],
      // A failure is printed with the line that it comes from.
      lineLimit: 500,
    });
    const [map, code] = ['.map', ''].map((end) => outputFiles.find(({ path }) => path.endsWith(output + end)).text);
    const placed = placeModule(sourceMaps, code, JSON.parse(map), moduleText);
    await writeFile(inPackage(output), placed.code);
    await writeFile(inPackage(`${output}.map`), JSON.stringify(placed.map));
    if (metafile) await writeFile(partsOfScript, JSON.stringify(metafile));
    await checkBundle(output, { carriesModule: !moduleSource, moduleText });
  };
  await mkdir(inPackage('dist'));
  await Promise.all([
    bundleOne('index.ts', 'index.mjs', 'esm'),
    bundleOne('index.ts', 'index.cjs', 'cjs'),
    bundleOne('index.ts', 'dist/deepstream-wasm.js', 'iife'),
    bundleOne('core.ts', 'core.mjs', 'esm', { module: modules.core }),
    bundleOne('core.ts', 'core.cjs', 'cjs', { module: modules.core }),
    bundleOne('url.ts', 'url.mjs', 'esm', { moduleSource: 'file' }),
    bundleOne('url.ts', 'url.node.mjs', 'esm', { moduleSource: 'node' }),
    bundleOne('url.ts', 'url.text.mjs', 'esm', { moduleSource: 'text' }),
    bundleOne('url.ts', 'url.workerd.mjs', 'esm', { moduleSource: 'workerd' }),
    bundleCompanion('react.ts', 'react', '"use client"'),
    bundleCompanion('status.ts', 'status'),
    bundleCompanion('testing.ts', 'testing'),
    writeFile(inPackage('deepstream_wasm_bg.text.mjs'), `export default\n"${texts.get(modules.whole)}"\n`),
    copyFile(modules.whole.wasm, inPackage('deepstream_wasm_bg.wasm')),
    import('../src/browser/js/timer-worker.js').then(({ program }) => writeFile(inPackage('timer-worker.js'), program)),
  ]);
  // Else its service process would live as long as this one.
  await esbuild.stop();
}

/** Has source maps name the sources as if the package held them: else they would be among the files of the application. */
async function nameSourcesWithin() {
  const files = await readdir(workDirectory, { recursive: true });
  for (const file of files.filter((name) => name.endsWith('.map'))) {
    const map = JSON.parse(await readFile(inPackage(file), 'utf8'));
    const top = '../'.repeat(file.split(/[\\/]/).length - 1);
    map.sources = map.sources.map((source) => source.replace(/^(\.\.\/)+/, top));
    await writeFile(inPackage(file), JSON.stringify(map));
  }
}

/** Takes the glue and the module from where the build has put those of an entry. */
const glueOf = ({ directory }) => ({
  name: 'glue-of-module',
  setup({ onResolve }) {
    onResolve({ filter: /\/target\/glue\// }, ({ path }) => ({ path: inRoot('target', directory, basename(path)) }));
  },
});

/**
 * wasm-bindgen copies the scripts that Rust imports. Bundled as they are, there would be two classes of the same name,
 * and `instanceof` would tell them apart: the originals are taken instead.
 */
const sharedScripts = {
  name: 'shared-scripts',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/snippets\/[^/]+\/src\// }, ({ path }) => ({
      path: inRoot(path.replace(/^\.\/snippets\/[^/]+\//, '')),
    }));
  },
};

/** Stands for the text of the module while the code around it is minified. */
const placeOfModule = '[WebAssembly module]';
const modulePlace = {
  name: 'module-place',
  setup({ onLoad }) {
    onLoad({ filter: /_bg\.wasm$/ }, () => ({ contents: placeOfModule, loader: 'text' }));
  },
};

/**
 * Puts the text of the module into a bundle. It gets a line of its own: a failure is not printed with the rest of the code.
 */
function placeModule({ decode, encode }, code, map, moduleText) {
  const literal = `"${placeOfModule}"`;
  const lines = code.split('\n');
  const line = lines.findIndex((text) => text.includes(literal));
  if (line < 0) return { code, map };
  const column = lines[line].indexOf(literal);
  const after = column + literal.length;
  lines.splice(line, 1, lines[line].slice(0, column), `"${moduleText}"`, lines[line].slice(after));
  const mappings = decode(map.mappings);
  const isAfter = (segment) => segment[0] >= after;
  const moved = mappings[line].filter(isAfter).map(([from, ...rest]) => [from - after, ...rest]);
  mappings.splice(line, 1, mappings[line].filter((segment) => !isAfter(segment)), [], moved);
  return { code: lines.join('\n'), map: { ...map, mappings: encode(mappings) } };
}

/** Lets an entry without the module within load it in one of the ways of module-source/. */
const sourceOfModule = (way) => ({
  name: 'source-of-module',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/module-source\.js$/ }, () => ({ path: join(typescriptDirectory, 'module-source', `${way}.js`) }));
    onResolve({ filter: /^\.\/deepstream_wasm_bg\./ }, () => ({ external: true }));
  },
});

/**
 * The glue as this package wants it.
 * - It makes its TextDecoder and TextEncoder when it is imported, which throws where there are none: here it makes them when the
 *   module is there.
 * - Its classes keep their names, which logs show.
 * - It copies ASCII character by character, where the browser is many times as fast with all but short strings.
 * - What nobody calls is left out, and what is imported are arrow functions.
 * - The entries see to it that the module is loaded once, and bring what it can be made from, so nothing here asks for that.
 */
const gentleGlue = {
  name: 'gentle-glue',
  setup({ onLoad }) {
    onLoad({ filter: /\/target\/glue[\w-]*\/deepstream_wasm\.js$/ }, async ({ path }) => {
      let text = await readFile(path, 'utf8');
      const replace = (pattern, replacement) => {
        const [found] = pattern.exec(text) ?? [];
        if (!found) throw new Failure(`The glue that wasm-bindgen makes has changed: it does not match ${pattern}.`);
        // A pattern for all that matches begins at the beginning.
        pattern.lastIndex = 0;
        text = text.replace(pattern, replacement);
        return found.replace(/^(let|const) /, '');
      };
      const decoder = replace(/^let cachedTextDecoder = .*\n.*\n/m, 'let cachedTextDecoder;\n');
      const encoder = replace(/^const cachedTextEncoder = .*\n/m, 'let cachedTextEncoder;\n');
      // Every engine that knows the types of this module has it.
      replace(/^if \(!\('encodeInto' in cachedTextEncoder\)\) {\n[^]*?\n}\n/m, '');
      replace(/^function __wbg_finalize_init\(.*\{\n/m, (start) => start + decoder + encoder);
      const encodes = 'cachedTextEncoder.encodeInto(arg, mem.subarray(ptr, ptr + len)).read === len';
      replace(/^    let offset = 0;\n/m, (start) => `${start}    if (len > 200 && ${encodes}) offset = len;\n`);
      replace(/^    if \(realloc === undefined\) {\n[^]*?\n    }\n/m, '');
      replace(/^    __destroy_into_raw\(\) {\n[^]*?\n    }\n    free\(\) {\n[^]*?\n    }\n/m, '');
      replace(/^if \(Symbol\.dispose\) .*\n/m, '');
      replace(/^export class (\w+) \{\n/gm, (start, name) => `${start}static name = '${name}';\n`);
      replace(/function\(\) { return handleError\(function (\(.*\)) {\n([^]*?)\n        }, arguments\); }/g, 'catching($1 => {\n$2\n})');
      replace(/^function handleError\(f, args\) {\n    try {\n.*\n/m, 'const catching = (f) => (...args) => {\n    try {\n        return f(...args);\n');
      replace(/^(        [\w$]+: )function(\(.*\)) {\n/gm, '$1$2 => {\n');
      replace(/^let wasmModule, wasmInstance, wasm;\n/m, 'let wasm;\n');
      replace(/^    wasm(Instance|Module) = .*\n/gm, '');
      replace(/^async function __wbg_load\([^]*/m, loading);
      // As the enums of TypeScript that they are, they leave nothing but numbers.
      replace(/^export const (\w+) = Object\.freeze\({\n([^]*?)\n}\);\n/gm, (_, name, members) => {
        return `export enum ${name} {\n${members.replace(/(\w+): (\d+), .*/g, '$1 = $2,')}\n}\n`;
      });
      return { contents: text, loader: 'ts' };
    });
  },
};

/** How the glue has a module run. */
const loading = `
export function initSync({ module }) {
  __wbg_finalize_init(new WebAssembly.Instance(new WebAssembly.Module(module), __wbg_get_imports()));
}

export default async function ({ module_or_path }) {
  const made = await WebAssembly.instantiate(module_or_path, __wbg_get_imports());
  __wbg_finalize_init(made.instance ?? made);
}
`;

/** Fails where a bundle would not work for somebody: under a strict Content-Security-Policy, or in their bundler. */
async function checkBundle(output, { carriesModule, moduleText }) {
  const code = await readFile(inPackage(output), 'utf8');
  const complaints = [
    [/\beval\s*\(|\bFunction\s*\(/.test(code), 'makes code from text, which a Content-Security-Policy forbids'],
    [carriesModule && /import\.meta|_bg\.wasm/.test(code), 'names the .wasm file, so that bundlers would look for it'],
    [carriesModule !== code.includes(moduleText), carriesModule ? 'lacks the WebAssembly module' : 'carries the WebAssembly module'],
  ];
  for (const [isTrue, complaint] of complaints) {
    if (isTrue) throw new Failure(`pkg/${output} ${complaint}.`);
  }
}

async function emitDeclarations() {
  await run('node', [inRoot('node_modules/typescript/bin/tsc'), '--project', inRoot('tsconfig.json'), '--outDir', workDirectory]);
  // tsc emits none for declarations written by hand.
  const written = (await readdir(typescriptDirectory)).filter((name) => name.endsWith('.d.ts'));
  await Promise.all(written.map((name) => copyFile(join(typescriptDirectory, name), inPackage(name))));
  const declarations = (await readdir(workDirectory, { recursive: true })).filter((name) => name.endsWith('.d.ts'));
  for (const name of declarations) {
    const text = await readFile(inPackage(name), 'utf8');
    if (text.includes('target/glue')) {
      throw new Failure(`pkg/${name} names the generated glue, which is not in the package: give those exports explicit types.`);
    }
    await writeFile(inPackage(name.replace(/\.d\.ts$/, '.d.cts')), asCommonJsDeclaration(text));
  }
}

/** The same declarations for `require`: what they import are their own .cjs siblings. */
function asCommonJsDeclaration(text) {
  return text.replace(/((?:\bfrom|\bimport\()\s*['"]\.{1,2}\/[^'"]+)\.js(?=['"])/g, '$1.cjs');
}

async function renderManifest(crate) {
  const template = await readFile(inRoot('pkg.json.template'), 'utf8');
  const text = template.replace(/\{\{(\w+)\}\}/g, (_placeholder, key) => {
    if (!crate[key]) throw new Failure(`pkg.json.template wants "${key}", which Cargo.toml does not give.`);
    return JSON.stringify(crate[key]).slice(1, -1);
  });
  await writeFile(inPackage('package.json'), `${JSON.stringify(JSON.parse(text), null, 2)}\n`);
}

async function copyDocuments() {
  const documents = ['README.md', 'LICENSE', 'CHANGELOG.md'].filter((name) => existsSync(inRoot(name)));
  await Promise.all(documents.map((name) => copyFile(inRoot(name), inPackage(name))));
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await setup();
    const time = await timed(build);
    const { name, version } = await crateManifest();
    console.log(`pkg/ holds ${name} ${version} (${time}).`);
  });
}
