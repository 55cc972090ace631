// A project that depends on the built package the way others will: packed, then installed.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript-5.2';

/** Milliseconds after which a program is hanging. */
const deadline = 120_000;

const execute = promisify(execFile);

/** An absolute path inside the repository. */
export const inRepository = (...parts) => join(fileURLToPath(new URL('../../', import.meta.url)), ...parts);

/**
 * Packs pkg/ and installs it into a new ES module project, which is removed when the tests of the file are over.
 * @returns {Promise<{ directory: string, files: string[] }>} the project, and what the package holds
 */
export async function createConsumer() {
  const packageDirectory = inRepository('pkg');
  if (!existsSync(packageDirectory)) throw new Error('pkg/ does not exist: `npm run build` makes it.');
  const directory = await mkdtemp(join(tmpdir(), 'deepstream-wasm-consumer-'));
  after(() => rm(directory, { recursive: true, force: true }));

  await writeFile(join(directory, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const packed = await run('npm', ['pack', '--json', '--pack-destination', directory], packageDirectory);
  const [{ filename, files }] = JSON.parse(packed);
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(directory, filename)], directory);
  return { directory, files: files.map(({ path }) => path).sort() };
}

/**
 * Runs a program to its end.
 * @returns {Promise<string>} what it printed; rejects with it unless the program exits with 0 and in time
 */
export async function run(program, parameters, directory) {
  try {
    const { stdout } = await execute(program, parameters, { cwd: directory, timeout: deadline, maxBuffer: 1 << 26 });
    return stdout;
  } catch (error) {
    const outcome = error.killed ? 'did not end' : `exited with ${error.code}`;
    throw new Error(`${program} ${outcome}\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

/** Runs a module in the project. */
export async function runModule({ directory }, source, { format = 'mjs', flags = [] } = {}) {
  const file = join(directory, `main.${format}`);
  await writeFile(file, source);
  return run(process.execPath, [...flags, file], directory);
}

/** What an editor offers in a file of this text, at the end of every string that `pattern` finds the beginning of. */
export function completionsIn(file, text, pattern) {
  const host = {
    ...ts.sys,
    getCompilationSettings: () => ({
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      strict: true,
      types: [],
    }),
    getScriptFileNames: () => [file],
    getScriptVersion: () => '0',
    getScriptSnapshot: (name) => {
      if (name === file) return ts.ScriptSnapshot.fromString(text);
      return ts.sys.fileExists(name) ? ts.ScriptSnapshot.fromString(ts.sys.readFile(name)) : undefined;
    },
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    getCurrentDirectory: () => dirname(file),
    useCaseSensitiveFileNames: () => true,
  };
  const service = ts.createLanguageService(host);
  const offered = [...text.matchAll(pattern)].map(({ 0: start, index }) =>
    service.getCompletionsAtPosition(file, index + start.length, {})?.entries.map(({ name }) => name).sort(),
  );
  service.dispose();
  return offered;
}

/**
 * Compiles the code of a page of docs/ in the project, as strictly as TypeScript can. (docs.test.mjs does it for all that need no React.)
 * @param {object} options
 * @param {string} options.language that of the code blocks
 * @param {object} [options.compilerOptions] what is to be different
 */
export async function compileDocumented({ directory }, page, { language, compilerOptions }) {
  const text = await readFile(inRepository('docs', page), 'utf8');
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, of]) => of === language).map(([, , code]) => code);
  if (blocks.length === 0) throw new Error(`docs/${page} has no code in ${language}.`);
  const files = { [`documented.${language}`]: blocks.join('\n') };
  const configuration = {
    compilerOptions: {
      module: 'ESNext',
      moduleResolution: 'Bundler',
      target: 'ES2022',
      lib: ['ES2022', 'DOM'],
      types: [],
      noEmit: true,
      strict: true,
      skipLibCheck: false,
      ...compilerOptions,
    },
    files: Object.keys(files),
  };
  files['tsconfig.json'] = JSON.stringify(configuration);
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
  await run(process.execPath, [inRepository('node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'], directory);
}
