// Runs the layers of tests in order, or those that are named: node scripts/test.mjs [layer [its extra arguments]]
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDeepstreamServer, freePort } from '../tests/harness/deepstream-server.mjs';
import { build } from './build.mjs';
import { bundleForBrowserTests } from './lib/browser-tests.mjs';
import { consumerNames, installConsumer, pack, Unavailable } from './lib/consumers.mjs';
import { checkLayers } from './lib/layers.mjs';
import { ensureEngines } from './lib/engines.mjs';
import { inRoot } from './lib/paths.mjs';
import { beforeExit, capture, Failure, main, run, timed } from './lib/process.mjs';
import { ensureBrowser, setup } from './setup.mjs';
import { size } from './size.mjs';

const wasmTarget = 'wasm32-unknown-unknown';
/** Seconds that all tests of one browser page may take together. */
const browserTestDeadline = 180;

const layers = {
  format: {
    title: 'Formatting',
    run: (extra) => run('cargo', ['fmt', '--check', ...extra]),
  },
  lint: {
    title: 'Lints, natively and for WebAssembly',
    async run() {
      await checkLayers();
      await run('cargo', ['clippy', '--all-targets', '--', '-D', 'warnings']);
      await run('cargo', ['clippy', '--target', wasmTarget, '--all-targets', '--', '-D', 'warnings']);
      // Without records, as the entry deepstream-wasm/core is built.
      for (const target of [[], ['--target', wasmTarget]]) {
        await run('cargo', ['clippy', '--no-default-features', ...target, '--lib', '--', '-D', 'warnings']);
      }
    },
  },
  native: {
    title: 'Native tests',
    async run(extra) {
      await run('node', ['tests/golden/generate.mjs', '--check']);
      await run('node', ['tests/golden/records.mjs', '--check']);
      await run('cargo', ['test', ...extra]);
      if (extra.length === 0) await run('cargo', ['test', '--no-default-features', '--test', 'without_records']);
    },
  },
  harness: {
    title: 'The servers that the tests below rely on',
    run: (extra) => runNodeTests('tests/harness', extra),
  },
  browser: {
    title: 'WebAssembly tests in headless Chrome',
    needsBrowser: true,
    run: runBrowserTests,
  },
  packaging: {
    title: 'The npm package in its consumers',
    needsBrowser: true,
    async run(extra, browser) {
      await size();
      await runNodeTests('tests/packaging', extra, browserEnvironment(browser));
    },
  },
  e2e: {
    title: 'End to end, with a real deepstream server',
    needsBrowser: true,
    async run(extra, browser) {
      await build();
      const arguments_ = ['test', '--config', 'tests/e2e/playwright.config.mjs', ...extra];
      await run('playwright', arguments_, { env: browserEnvironment(browser) });
    },
  },
  engines: {
    title: 'The packed package in Chromium, Firefox and WebKit',
    extraAmongAll: ['--allow-missing'],
    run: runEngineTests,
  },
  consumers: {
    title: 'The packed package in other runtimes, test runners and frameworks',
    needsBrowser: true,
    extraAmongAll: ['--allow-missing'],
    run: runConsumerTests,
  },
};

/** What was not tested, and why: said again at the end of all. */
const untested = [];

await main(async () => {
  const [only, ...extra] = process.argv.slice(2);
  if (only !== undefined && !Object.hasOwn(layers, only)) {
    throw new Failure(`There is no layer "${only}". The layers are: ${Object.keys(layers).join(', ')}.`);
  }
  const wanted = only ? [only] : Object.keys(layers);
  await setup();
  const browser = wanted.some((name) => layers[name].needsBrowser) ? await ensureBrowser() : undefined;
  for (const name of wanted) await runLayer(name, only ? extra : (layers[name].extraAmongAll ?? []), browser);
  if (!only) console.log(['\nAll layers passed.', ...untested].join('\n'));
});

async function runLayer(name, extra, browser) {
  const { title, run: runTests } = layers[name];
  console.log(`\n=== ${title} (npm run test:${name})`);
  try {
    console.log(`=== passed in ${await timed(() => runTests(extra, browser))}`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`${error.message}\nThe layer "${name}" failed. To run it alone: npm run test:${name}`);
  }
}

/** The tests learn the servers' addresses when they are compiled: the ports stay the same wherever they can. */
async function runBrowserTests(extra, { chrome, chromedriver }) {
  await bundleForBrowserTests();
  const { startScriptedServerProcess } = await import('../tests/harness/scripted-server.mjs');
  const deepstream = await startDeepstreamServer({ port: await freePort(6021) });
  beforeExit(deepstream.stop);
  const scripted = await startScriptedServerProcess({ port: await freePort(6022) });
  beforeExit(scripted.stop);
  const address = `127.0.0.1:${await freePort(6023)}`;
  const nudging = setInterval(nudge, 1000, address);
  try {
    const env = {
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: 'wasm-bindgen-test-runner',
      CHROMEDRIVER: chromedriver,
      DEEPSTREAM_TEST_URL: deepstream.url,
      DEEPSTREAM_SCRIPTED_URL: scripted.baseUrl,
      WASM_BINDGEN_TEST_ONLY_WEB: '1',
      WASM_BINDGEN_TEST_WEBDRIVER_JSON: await webdriverConfiguration(chrome),
      WASM_BINDGEN_TEST_TIMEOUT: String(browserTestDeadline),
      WASM_BINDGEN_TEST_ADDRESS: address,
    };
    await run('cargo', ['test', '--target', 'wasm32-unknown-unknown', '--test', 'browser', ...extra], { env });
  } finally {
    clearInterval(nudging);
    await Promise.all([deepstream.stop(), scripted.stop()]);
  }
}

/**
 * The test runner's HTTP server (tiny_http) can leave a fifth connection of a page without a thread for as long as the
 * page keeps the others open: the page then never loads. The thread of a new connection takes it on.
 */
function nudge(address) {
  const request = get(`http://${address}/run.js`, { agent: false, timeout: 900 }, (response) => response.resume());
  request.on('timeout', () => request.destroy());
  request.on('error', () => {}); // Until the server is there.
}

/** webdriver.json with the browser that all layers use: chromedriver by itself might find another one. */
async function webdriverConfiguration(chrome) {
  const configuration = JSON.parse(await readFile(inRoot('webdriver.json'), 'utf8'));
  configuration['goog:chromeOptions'].binary = chrome;
  const path = inRoot('target', 'webdriver.json');
  await mkdir(inRoot('target'), { recursive: true });
  await writeFile(path, JSON.stringify(configuration));
  return path;
}

async function runNodeTests(directory, extra, env) {
  const files = (await readdir(inRoot(directory))).filter((name) => name.endsWith('.test.mjs'));
  if (files.length === 0) throw new Failure(`${directory}/ holds no *.test.mjs.`);
  await run('node', ['--test', '--test-reporter', 'spec', ...extra, ...files.map((name) => `${directory}/${name}`)], { env });
}

/** With `--allow-missing` an engine that is not there, or does not start, is no failure. */
async function runEngineTests(extra) {
  await build();
  const { found, missing } = await ensureEngines();
  const { starters } = await import('../tests/engines/engines.mjs');
  for (const [name, programs] of Object.entries(found)) {
    try {
      const engine = await starters[name](programs);
      await engine.stop();
    } catch (error) {
      delete found[name];
      missing[name] = `does not start: ${error.message.split('\n')[0]}`;
    }
  }
  for (const [name, why] of Object.entries(missing)) untested.push(`NOT TESTED: ${name}, which ${why}`);
  for (const line of untested) console.log(line);
  if (untested.length > 0 && !extra.includes('--allow-missing')) {
    throw new Failure(`Not all engines are there; with \`npm run test:engines -- --allow-missing\` those that are will do.`);
  }
  const others = extra.filter((argument) => argument !== '--allow-missing');
  await runNodeTests('tests/engines', others, { ENGINES: JSON.stringify(found) });
}

/** All consumers, or those that are named. With `--allow-missing` one that cannot be installed is no failure. */
async function runConsumerTests(extra, browser) {
  await build();
  const all = await consumerNames();
  const named = extra.filter((argument) => argument !== '--allow-missing');
  const unknown = named.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Failure(`There is no consumer "${unknown[0]}". They are: ${all.join(', ')}.`);
  const directory = await mkdtemp(join(tmpdir(), 'deepstream-wasm-packed-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  beforeExit(remove);
  const tarball = await pack(directory);
  const [failed, missing] = [[], []];
  for (const name of named.length > 0 ? named : all) {
    let why;
    const time = await timed(async () => {
      why = await runConsumer(name, tarball, browser).catch((error) => error);
    });
    if (why instanceof Unavailable) missing.push(`NOT TESTED: ${name}, which ${why.message}`);
    else if (why instanceof Failure) failed.push(name);
    else if (why) throw why;
    console.log(why instanceof Error ? why.message : `--- ${name} passed in ${time}`);
  }
  await remove();
  untested.push(...missing);
  for (const line of missing) console.log(line);
  if (failed.length > 0) throw new Failure(`These failed: ${failed.join(', ')}.`);
  if (missing.length > 0 && !extra.includes('--allow-missing')) {
    throw new Failure(`Not all could be installed; with \`npm run test:consumers -- --allow-missing\` those that could will do.`);
  }
}

async function runConsumer(name, tarball, browser) {
  console.log(`\n--- ${name}: installing it in an empty directory`);
  const { directory, runtime, remove } = await installConsumer(name, tarball);
  console.log(`--- ${name}: running it with ${(await capture(runtime, ['--version'])).split('\n')[0]}`);
  try {
    const env = { ...browserEnvironment(browser), CONSUMER: directory, RUNTIME: runtime };
    await run('node', ['--test', '--test-reporter', 'spec', `tests/consumers/${name}.test.mjs`], { env });
  } finally {
    await remove();
  }
}

/** Spares the tests the search for the browser. */
function browserEnvironment({ chrome, chromedriver }) {
  return { CHROME: chrome, CHROMEDRIVER: chromedriver };
}
