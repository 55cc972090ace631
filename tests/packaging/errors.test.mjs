// docs/errors.md beside the sources: it has every code that the client can give, and no other.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { transform } from 'esbuild';
import { parseAst } from 'rollup/parseAst';
import { inRepository } from './consumer.mjs';

const read = (...path) => readFile(inRepository(...path), 'utf8');
const isName = (text) => /^[A-Z][A-Z_]+$/.test(text);

/** What stands within quotes in Rust, apart from comments and tests. */
function stringsOf(source) {
  const [code] = source.split('\n#[cfg(test)]\nmod tests');
  const tokens = code.matchAll(/\/\/.*|\/\*[^]*?\*\/|"((?:[^"\\]|\\.)*)"/g);
  return [...tokens].flatMap(([, text]) => text ?? []);
}

/** The client itself names its codes in one place; whatever is in capitals there is one. */
async function codesOfClient() {
  const codes = new Set();
  for (const file of await readdir(inRepository('src/client/error'))) {
    const source = await read('src/client/error', file);
    for (const text of stringsOf(source)) if (isName(text)) codes.add(text);
    for (const [, text] of source.matchAll(/^pub const [A-Z_]+: &str = "(.+)";$/gm)) codes.add(text);
  }
  return codes;
}

/** What the shell itself can say; all else is the client's, or that of the scripts. */
async function codesOfShell() {
  return new Set(stringsOf(await read('src/browser/api/errors.rs')).filter(isName));
}

/** The names of what the server reports, as src/wire decides what is an error: those with number 1, or from 100. */
async function codesOfServer() {
  const source = await read('src/wire/actions.rs');
  const topics = [...source.matchAll(/^ {4}\w+Action of (\w+) \{\n([^}]*)\}/gm)];
  assert.equal(topics.length, 7);
  const codes = new Set();
  for (const [, topic, members] of topics) {
    for (const [, number, name] of members.matchAll(/= +(\d+) ([A-Z_]+),/g)) {
      // All that the topic PARSER has is an error.
      if (topic === 'Parser' || number === '1' || Number(number) >= 100) codes.add(name);
    }
  }
  return codes;
}

/** What is given as the second argument of `new DeepstreamError` in JavaScript and TypeScript. */
async function codesOfScripts() {
  const codes = new Set();
  const directory = 'src/browser/js';
  for (const file of await readdir(inRepository(directory), { recursive: true })) {
    if (!/\.[jt]s$/.test(file) || file.endsWith('.d.ts')) continue;
    const { code } = await transform(await read(directory, file), { loader: 'ts', target: 'es2022' });
    const program = parseAst(code);
    for (const node of nodesOf(program)) {
      if (node.type !== 'NewExpression' || node.callee.name !== 'DeepstreamError') continue;
      const given = valuesOf(node.arguments[1], program);
      assert.ok(given, `${join(directory, file)}: the code of an error must be a string, or a constant that is one of a few`);
      for (const text of given) codes.add(text);
    }
  }
  return codes;
}

function* nodesOf(node) {
  if (typeof node?.type === 'string') yield node;
  if (node && typeof node === 'object') for (const child of Object.values(node)) yield* nodesOf(child);
}

/** The strings that an expression can be; `undefined` where that cannot be told. */
function valuesOf(node, program) {
  if (node?.type === 'Literal' && typeof node.value === 'string') return [node.value];
  if (node?.type === 'ConditionalExpression') {
    const values = [node.consequent, node.alternate].map((branch) => valuesOf(branch, program));
    return values.includes(undefined) ? undefined : values.flat();
  }
  if (node?.type !== 'Identifier') return undefined;
  const declarations = [...nodesOf(program)].filter(({ type, id }) => type === 'VariableDeclarator' && id.name === node.name);
  return declarations.length === 1 ? valuesOf(declarations[0].init, program) : undefined;
}

test('docs/errors.md has every code there is, once, and no other', async () => {
  const sources = await Promise.all([codesOfClient(), codesOfShell(), codesOfServer(), codesOfScripts()]);
  for (const codes of sources) assert.ok(codes.size > 0);
  const codes = [...new Set(sources.flatMap((source) => [...source]))].sort();

  const page = await read('docs/errors.md');
  const tables = [...page.matchAll(/^\| code \|.*\n\|[-| ]+\n((?:\|.*\n)+)/gm)];
  const rows = tables.flatMap(([, rows]) => rows.trimEnd().split('\n'));
  const documented = rows.flatMap((row) => [...row.split('|')[1].matchAll(/`([^`]+)`/g)].map(([, code]) => code)).sort();
  assert.deepEqual(documented, codes);

  // In the text around too, except for the constants that are no codes.
  const { C } = await import(inRepository('pkg', 'index.mjs'));
  const known = new Set([...codes, ...Object.keys(C.EVENT), 'THREE_WAY']);
  const named = [...page.matchAll(/`(?:C\.EVENT\.)?([A-Z]+_[A-Z_]+)`/g)].map(([, name]) => name);
  assert.deepEqual(named.filter((name) => !known.has(name)), []);
});
