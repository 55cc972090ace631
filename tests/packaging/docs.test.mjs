// What the docs say of the package is so.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createConsumer, inRepository, run } from './consumer.mjs';

const consumer = await createConsumer();
const pages = ['README.md', ...(await readdir(inRepository('docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
const codeOf = new Map();
for (const page of pages) {
  const blocks = (await readFile(inRepository(page), 'utf8')).matchAll(/^```(.*)\n([^]*?)^```$/gm);
  codeOf.set(
    page,
    [...blocks].map(({ 1: language, 2: code, index, input }) => ({ language, code, line: input.slice(0, index).split('\n').length + 1 })),
  );
}
/** The blocks of a page in this language, each where it stands: so that what the compiler says names the line of the page. */
const codeIn = (page, language) => codeOf.get(page).filter((block) => block.language === language);
const inItsPlace = ({ code, line }, before = 1) => '\n'.repeat(line - before) + code;

const literalsIn = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, literal]) => literal);
/** `'linear'`, `[1008, 4003]`, `Infinity`, … as values. */
const valueOf = (literal) => (literal === 'Infinity' ? Infinity : JSON.parse(literal.replaceAll("'", '"')));

test('docs/options.md has the defaults that the package has', async () => {
  const { DefaultOptions } = await import(inRepository('pkg', 'index.mjs'));
  const page = await readFile(inRepository('docs', 'options.md'), 'utf8');
  let checked = 0;
  for (const [, first, second] of page.matchAll(/^\| (`[^|]*) \| ([^|]*) \|/gm)) {
    const [names, said] = [literalsIn(first), literalsIn(second)];
    // One default may be that of a whole row; with `…`, that of the first only.
    for (const [index, name] of names.slice(0, second.includes('…') ? said.length : undefined).entries()) {
      const value = name.split('.').reduce((group, key) => group?.[key], DefaultOptions);
      const literal = said.length > 1 ? said[index] : said[0];
      if (typeof value === 'function') continue; // A merge strategy.
      assert.deepEqual(value, literal === undefined ? undefined : valueOf(literal), name);
      checked += value === undefined ? 0 : 1;
    }
  }
  assert.ok(checked >= 30, `${checked} defaults were found`);
});

/** What applications have that the code of the pages speaks of. */
const prelude = (client) => `
  import * as all from '${client}';
  declare global {
    const { C, DeepstreamClient, MERGE_STRATEGIES, Options, threeWay }: typeof all;
    let client: all.DeepstreamClient;
    const note: all.Record<any>, record: all.Record<any>;
    const url: string, token: string, title: string, signal: AbortSignal;
    const order: { id: string }, position: object, numbers: object, others: { token: string };
    const input: HTMLInputElement;
    function show(...what: unknown[]): void;
    const showBanner: typeof show, hideBanner: typeof show, showDetails: typeof show, showLight: typeof show;
    const showLogin: typeof show, showSaved: typeof show, showUser: typeof show, showWaiting: typeof show;
    const warn: typeof show, retryLater: typeof show, startOne: typeof show;
    function askToTryAgain(): Promise<void>;
    function find(what: string): any;
    function findUser(token: string): Promise<{ id: string }>;
    function getToken(how: { force: boolean }): Promise<string>;
    function weatherOf(name: string): { degrees: number };
    function require(name: 'node:util'): { TextDecoder: object; TextEncoder: object };
    const chrome: { storage: { local: { get(key: string | null): Promise<any>; set(items: object): Promise<void>; remove(key: string): Promise<void> } } };
    interface ImportMeta { hot?: { dispose(callback: () => void): void } }
  }
`;
/** Modules that only tools and hosts have. */
const modules = `
  declare module '*?url' { const url: string; export default url; }
  declare module 'electron' { export const contextBridge: { exposeInMainWorld(name: string, api: object): void }; }
  declare module 'vitest' {
    export function test(name: string, run: () => unknown): void;
    export function beforeEach(run: () => unknown): void;
    export function afterEach(run: () => unknown): void;
    export function expect(value: unknown): Record<'toBe' | 'toEqual' | 'toHaveBeenCalledWith', (...expected: unknown[]) => void>;
    export const vi: { spyOn(object: object, method: string): object; useFakeTimers(options?: object): void; useRealTimers(): void;
      advanceTimersByTimeAsync(milliseconds: number): Promise<void> };
  }
`;

/** Compiles files, with the names that the prelude has. */
async function compile(directory, client, files, compilerOptions) {
  const sources = { ...files, 'prelude.d.ts': prelude(client), 'modules.d.ts': modules };
  const strict = {
    module: 'ESNext',
    moduleResolution: 'Bundler',
    target: 'ES2022',
    lib: ['ES2022', 'DOM', 'DOM.Iterable'],
    types: [],
    noEmit: true,
    strict: true,
    skipLibCheck: false,
  };
  sources['tsconfig.json'] = JSON.stringify({ compilerOptions: { ...strict, ...compilerOptions }, files: Object.keys(sources) });
  for (const [name, content] of Object.entries(sources)) await writeFile(join(directory, name), content);
  await run(process.execPath, [inRepository('node_modules/typescript/bin/tsc'), '-p', directory], directory);
}

const fileName = (page, ...more) => [page.replace('docs/', '').replace('.md', ''), ...more].join('-');
/** A block of JavaScript stands alone. What `// before` shows is for @deepstream/client, what `// after` shows for this package. */
const [inPlace, ofReference] = [{}, {}];
for (const page of pages) {
  for (const block of codeIn(page, 'js')) {
    const [, before, after] = /^(\/\/ before[^]*?)^(\/\/ after[^]*)/m.exec(block.code) ?? [, , block.code];
    const skipped = before ? before.split('\n').length - 1 : 0;
    if (before) ofReference[`${fileName(page, block.line)}.ts`] = inItsPlace(block).slice(0, -after.length) + 'export {};';
    inPlace[`${fileName(page, block.line)}.ts`] = `${inItsPlace({ code: after, line: block.line + skipped })}export {};`;
  }
}

test('every page in JavaScript compiles', async () => {
  assert.ok(Object.keys(inPlace).length >= 30);
  // JavaScript says no types: neither what a parameter is, nor that something is not null.
  await compile(consumer.directory, 'deepstream-wasm', inPlace, { strict: false });
});

test('what docs/migration.md shows of before compiles for @deepstream/client', async () => {
  assert.ok(Object.keys(ofReference).length >= 6);
  const directory = join(consumer.directory, 'before');
  await mkdir(directory);
  await symlink(inRepository('node_modules'), join(directory, 'node_modules'));
  // Its declarations need those of Node.js, and do not all hold.
  await compile(directory, '@deepstream/client', ofReference, { strict: false, types: ['node'], skipLibCheck: true });
});

test('every page in TypeScript compiles', async () => {
  const files = {};
  // That page is compiled for React 18 and 19 by react.test.mjs.
  for (const page of pages.filter((page) => page !== 'docs/react.md')) {
    // The blocks of a page go on from one another.
    let code = '';
    for (const block of codeIn(page, 'ts')) code += inItsPlace(block, code.split('\n').length);
    if (code) files[`${fileName(page)}.ts`] = code;
  }
  assert.ok(Object.keys(files).length >= 3);
  await compile(consumer.directory, 'deepstream-wasm', files, { noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true });
});

test('the examples in the types compile', async () => {
  const files = {};
  for (const name of (await readdir(inRepository('pkg'))).filter((name) => name.endsWith('.d.ts'))) {
    // Their examples are parts of components and of pages.
    if (['react.d.ts', 'status.d.ts'].includes(name)) continue;
    const text = await readFile(inRepository('pkg', name), 'utf8');
    for (const { 1: example, index } of text.matchAll(/@example\n([^]*?)(?=\n *\* @|\n *\*\/)/g)) {
      const line = text.slice(0, index).split('\n').length + 1;
      files[`${name.replace('.d.ts', '')}-${line}.ts`] = `${inItsPlace({ code: example.replace(/^ *\* ?/gm, ''), line })}\nexport {};`;
    }
  }
  assert.ok(Object.keys(files).length >= 100);
  const options = { strict: false, lib: ['ES2022', 'DOM', 'DOM.Iterable', 'ESNext.Disposable'] };
  const printed = await compile(consumer.directory, 'deepstream-wasm', files, options).catch(({ message }) => message);
  // Names that nobody has declared (TS2304, and TS2552 where one is much alike) are those of the application.
  assert.deepEqual(printed?.match(/^.*: error TS(?!2304|2552).*$/gm) ?? [], []);
});

test('every page is linked from README.md', async () => {
  const readme = await readFile(inRepository('README.md'), 'utf8');
  for (const page of pages.slice(1)) assert.ok(readme.includes(`](${page})`), page);
});

test('the commands and files that the pages name are there', async () => {
  const { scripts } = JSON.parse(await readFile(inRepository('package.json'), 'utf8'));
  const checked = { commands: 0, files: 0 };
  for (const page of [...pages, 'CONTRIBUTING.md', 'ARCHITECTURE.md']) {
    const text = await readFile(inRepository(page), 'utf8');
    for (const [, name] of text.matchAll(/\bnpm run ([\w:-]+)/g)) {
      assert.ok(Object.hasOwn(scripts, name), `${page}: npm run ${name}`);
      checked.commands += 1;
    }
    for (const [, path] of text.matchAll(/`((?:src|tests|scripts|docs|benches|examples|www)\/[\w./-]*)`/g)) {
      assert.ok(existsSync(inRepository(path)), `${page}: ${path}`);
      checked.files += 1;
    }
  }
  assert.ok(checked.commands >= 20 && checked.files >= 20, JSON.stringify(checked));
});

test('every table has its head', async () => {
  for (const page of pages) {
    const lines = (await readFile(inRepository(page), 'utf8')).split('\n');
    const heads = lines.flatMap((line, index) => (line.startsWith('|') && !lines[index - 1]?.startsWith('|') ? [index] : []));
    for (const index of heads) assert.match(lines[index + 1], /^\|[-:| ]+\|$/, `${page}:${index + 1}`);
  }
});

/** Those of an application that tests/consumers builds as the page shows it: each begins with the name of its file. */
const isBuilt = async (code) => {
  const [, name] = /^(?:---\n)?\/\/ (\S+)/.exec(code) ?? [];
  const files = (await readdir(inRepository('tests/consumers'))).filter((file) => file.endsWith('.test.mjs'));
  const texts = await Promise.all(files.map((file) => readFile(inRepository('tests/consumers', file), 'utf8')));
  return name !== undefined && texts.some((text) => text.includes(`'${name}'`));
};

test('no page has code that nothing checks', async () => {
  for (const page of pages) {
    for (const { language, code, line } of codeOf.get(page)) {
      if (language === 'json') JSON.parse(code);
      if (['jsx', 'astro'].includes(language) && (await isBuilt(code))) continue;
      const isChecked = ['js', 'ts', 'json'].includes(language) || (language === 'tsx' && page === 'docs/react.md');
      assert.ok(isChecked || ['sh', 'css', 'diff', 'html', 'http', 'nginx'].includes(language), `${page}:${line} is in ${language || 'no language'}`);
    }
  }
});
