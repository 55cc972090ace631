// The consumers of `npm run test:consumers`: projects in tests/consumers/, each installed as its package-lock.json
// says, with the packed package, in an empty directory outside of the repository.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inRoot } from './paths.mjs';
import { beforeExit, Failure } from './process.mjs';

/** Milliseconds that npm may take for one project. */
const patience = 300_000;

/** What npm says where the registry does not have (any more) what it had, and where it cannot be reached. */
const notThere = /^(E40[1348]|ETARGET)$/;
const unreachable = /^(ENOTFOUND|ENOTCACHED|EAI_AGAIN|ECONN\w+|E\w+UNREACH|E\w*TIMEDOUT|\w*_TIMEOUT|E429|E5\d\d)$/;
/** Once it could not be reached, what is not in npm's cache is not asked for again: each time would take minutes. */
let isOffline = false;

/** Where the packages of a runtime have it, one package for each kind of machine: npm installs the one that fits. */
const runtimes = {
  node: { scope: '', packages: /^node-/, program: 'bin/node' },
  bun: { scope: '@oven', packages: /^bun-/, program: 'bin/bun' },
  deno: { scope: '@deno', packages: /./, program: 'deno' },
};

/** A consumer that cannot be had here, which says nothing of the package. */
export class Unavailable extends Error {}

/** The names of all consumers. */
export async function consumerNames() {
  const files = await readdir(inRoot('tests', 'consumers'));
  return files.filter((name) => name.endsWith('.test.mjs')).map((name) => name.replace('.test.mjs', ''));
}

/** Packs pkg/ into a directory. */
export async function pack(directory) {
  const parameters = ['pack', '--json', '--pack-destination', directory];
  const [{ filename }] = JSON.parse(await npm(parameters, inRoot('pkg')));
  return join(directory, filename);
}

/**
 * Installs a consumer; rejects with {@link Unavailable} where it cannot be had.
 * @param {string} name
 * @param {string} tarball the packed package
 * @returns {Promise<{ directory: string, runtime: string, remove: () => Promise<void> }>} where it is, and the program
 * to run it with: the one that it has installed, or this Node.js
 */
export async function installConsumer(name, tarball) {
  const parent = await mkdtemp(join(tmpdir(), `deepstream-wasm-${name}-`));
  const remove = () => rm(parent, { recursive: true, force: true, maxRetries: 5 });
  beforeExit(remove);
  try {
    const directory = join(parent, name);
    await cp(inRoot('tests', 'consumers', name), directory, { recursive: true });
    await npm(['ci', ...flags()], directory);
    await npm(['install', '--no-save', ...flags(), tarball], directory);
    return { directory, runtime: await runtimeOf(directory), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** No package here needs its install script. */
const flags = () => [
  ...['--ignore-scripts', '--no-audit', '--no-fund', isOffline ? '--offline' : '--prefer-offline'],
  ...['--fetch-retries=3', '--fetch-retry-mintimeout=2000', '--fetch-retry-maxtimeout=10000'],
];

async function npm(parameters, directory) {
  try {
    const options = { cwd: directory, timeout: patience, maxBuffer: 1 << 26 };
    const { stdout } = await promisify(execFile)('npm', parameters, options);
    return stdout;
  } catch (error) {
    const what = `npm ${parameters[0]}`;
    const [, code] = /^npm \S+ code (\S+)$/m.exec(error.stderr ?? '') ?? [];
    if (error.killed || unreachable.test(code)) isOffline = true;
    else if (!notThere.test(code)) throw new Failure(`${what} failed in ${directory}:\n${error.stderr}`);
    throw new Unavailable(`cannot be installed: ${what} ${error.killed ? 'takes too long' : `says ${code}`}`);
  }
}

async function runtimeOf(directory) {
  const { runtime } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  if (!runtime) return process.execPath;
  const { scope, packages, program } = runtimes[runtime];
  const within = join(directory, 'node_modules', scope);
  const installed = existsSync(within) ? await readdir(within) : [];
  for (const name of installed.filter((name) => packages.test(name))) {
    const path = join(within, name, program);
    if (await promisify(execFile)(path, ['--version'], { timeout: 60_000 }).catch(() => undefined)) return path;
  }
  throw new Unavailable(`has no program that runs on this machine (${process.platform}, ${process.arch})`);
}
