// Every way to load the package and its module, in real bundlers as they are configured by default, and in a real browser.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { chromium } from '@playwright/test';
import { rspack } from '@rspack/core';
import * as esbuild from 'esbuild';
import { publint } from 'publint';
import { rollup } from 'rollup';
import * as vite6 from 'vite6';
import * as vite7 from 'vite';
import * as vite8 from 'vite8';
import webpack from 'webpack';
import { browserFlags, ensureBrowser } from '../../scripts/setup.mjs';
import { startStaticServer } from '../harness/static-server.mjs';
import { createConsumer, inRepository, run, runModule } from './consumer.mjs';

const timeout = 60_000;
const consumer = await createConsumer();
const inConsumer = (...parts) => join(consumer.directory, ...parts);
const installed = (...parts) => inConsumer('node_modules', 'deepstream-wasm', ...parts);
const manifest = JSON.parse(await readFile(installed('package.json'), 'utf8'));

/** The title of the page tells what happened. */
const report = `
  const report = (work) => work().then(
    () => document.title = 'works',
    (error) => document.title = error.code + ': ' + error.message,
  );
`;
const programs = {
  tuned: `
    import { DeepstreamClient, init } from 'deepstream-wasm/url';
    ${report}
    report(async () => {
      await init();
      new DeepstreamClient(location.host, { lazyConnect: true }).close();
    });
  `,
  // As docs/bundlers.md shows it.
  asset: `
    import { DeepstreamClient, init } from 'deepstream-wasm/url';
    import wasmUrl from 'deepstream-wasm/deepstream_wasm_bg.wasm?url';
    ${report}
    report(async () => {
      await init(wasmUrl);
      new DeepstreamClient(location.host, { lazyConnect: true }).close();
    });
  `,
};
/** As docs/bundlers.md shows it. */
const preload = (url) => `<link rel="preload" as="fetch" crossorigin href="${url}">`;
const pageOf = (script) => `<!doctype html><link rel="icon" href="data:," />${script}`;

let browser;
before(async () => {
  const { chrome } = await ensureBrowser();
  browser = await chromium.launch({ executablePath: chrome, args: browserFlags });
});
after(() => browser?.close());

/** What the title of a page comes to be, which files it has loaded, and what asked for the module: a `link`, or `fetch`. */
async function visit(url) {
  const page = await browser.newPage();
  const loaded = [];
  page.on('response', (response) => loaded.push(new URL(response.url()).pathname));
  try {
    await page.goto(url);
    await page.waitForFunction(() => document.title !== '', undefined, { timeout: 30_000 }).catch(() => {});
    const askedBy = await page.evaluate(() =>
      performance.getEntriesByType('resource').filter(({ name }) => name.includes('.wasm')).map(({ initiatorType }) => initiatorType),
    );
    return { title: await page.title(), loaded, askedBy };
  } finally {
    await page.close();
  }
}

/** Serves a directory that has been built, and visits its page. */
async function visitBuilt(directory, page = '') {
  const server = await startStaticServer({ directories: { '/': directory } });
  try {
    return await visit(`${server.url}/${page}`);
  } finally {
    await server.stop();
  }
}

describe('the manifest', () => {
  test('is what publint wants', async () => {
    const { messages } = await publint({ pkgDir: installed(), pack: false });
    assert.deepEqual(messages, []);
  });

  test('gives every resolution of TypeScript its types', async () => {
    const packed = inConsumer(`${manifest.name}-${manifest.version}.tgz`);
    // Two entries are files for bundlers and workers, not modules; those that are modules alone, Node.js can require.
    const files = ['./deepstream_wasm_bg.wasm', './timer-worker.js'];
    const parameters = [packed, '--ignore-rules', 'cjs-resolves-to-esm', '--exclude-entrypoints', ...files];
    await run(process.execPath, [inRepository('node_modules/@arethetypeswrong/cli/dist/index.js'), ...parameters], consumer.directory);
  });

  test('can be published without a warning', async () => {
    const publish = promisify(execFile)('npm', ['publish', '--dry-run'], { cwd: inRepository('pkg') });
    const warnings = (await publish).stderr.split('\n').filter((line) => /^npm (warn|err)/i.test(line));
    // Nobody is logged in where tests run.
    assert.deepEqual(warnings.filter((line) => !line.includes('requires you to be logged in')), []);
  });

  test('says which Node.js it wants', () => assert.equal(manifest.engines.node, '>=20'));
});

describe('the entry with a URL, without being told where the module is', () => {
  before(async () => {
    for (const [name, program] of Object.entries(programs)) await writeFile(inConsumer(`${name}.js`), program);
  });

  test('works in a plain page', { timeout }, async () => {
    const importMap = { imports: { 'deepstream-wasm/url': './pkg/url.mjs' } };
    const script = `<script type="importmap">${JSON.stringify(importMap)}</script><script type="module">${programs.tuned}</script>`;
    await mkdir(inConsumer('plain'));
    await writeFile(inConsumer('plain', 'index.html'), pageOf(script));
    await cp(installed(), inConsumer('plain', 'pkg'), { recursive: true });
    const { title, loaded } = await visitBuilt(inConsumer('plain'));
    assert.equal(title, 'works');
    assert.deepEqual(loaded, ['/', '/pkg/url.mjs', '/pkg/deepstream_wasm_bg.wasm']);
    await writeFile(inConsumer('plain', 'preloaded.html'), pageOf(preload('pkg/deepstream_wasm_bg.wasm') + script));
    const preloaded = await visitBuilt(inConsumer('plain'), 'preloaded.html');
    assert.deepEqual([preloaded.title, preloaded.askedBy], ['works', ['link']]);
  });

  for (const [format, splitting] of [['esm', true], ['esm', false], ['iife', false]]) {
    test(`works when esbuild has bundled it (${format}${splitting ? ', in chunks' : ''})`, { timeout }, async () => {
      const outdir = inConsumer(`esbuild-${format}-${splitting}`);
      const { warnings } = await esbuild.build({
        entryPoints: ['tuned.js'], absWorkingDir: consumer.directory, outdir, bundle: true, format, splitting, logLevel: 'silent',
      });
      assert.deepEqual(warnings, []);
      const type = format === 'esm' ? 'type="module"' : '';
      await writeFile(join(outdir, 'index.html'), pageOf(`<script ${type} src="tuned.js"></script>`));
      assert.equal((await visitBuilt(outdir)).title, 'works');
    });
  }

  for (const format of ['es', 'iife']) {
    test(`works when Rollup has bundled it (${format})`, { timeout }, async () => {
      const dir = inConsumer(`rollup-${format}`);
      const warnings = [];
      const onwarn = ({ message }) => warnings.push(message);
      const bundle = await rollup({ input: inConsumer('tuned.js'), plugins: [nodeResolve({ browser: true })], onwarn });
      await bundle.write({ dir, format, inlineDynamicImports: format === 'iife' });
      assert.deepEqual(warnings, []);
      const type = format === 'es' ? 'type="module"' : '';
      await writeFile(join(dir, 'index.html'), pageOf(`<script ${type} src="tuned.js"></script>`));
      assert.equal((await visitBuilt(dir)).title, 'works');
    });
  }

  test('works when webpack has bundled it, with the module as a file', { timeout }, async () => {
    const path = inConsumer('webpack');
    const performance = { hints: false };
    const compiler = webpack({ context: consumer.directory, entry: './tuned.js', mode: 'production', output: { path }, performance });
    const stats = await promisify(compiler.run.bind(compiler))();
    await promisify(compiler.close.bind(compiler))();
    const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true });
    assert.deepEqual([...errors, ...warnings], []);
    await writeFile(join(path, 'index.html'), pageOf('<script src="main.js"></script>'));
    const { title, loaded } = await visitBuilt(path);
    assert.equal(title, 'works');
    assert.ok(loaded.some((file) => file.endsWith('.wasm')), loaded.join(' '));
  });

  test('works when webpack has bundled it, with the module asked for by the page', { timeout }, async () => {
    const path = inConsumer('webpack-preloaded');
    const rules = [{ test: /deepstream_wasm_bg\.wasm$/, type: 'asset/resource', generator: { filename: '[name][ext]' } }];
    const settings = { context: consumer.directory, entry: './tuned.js', mode: 'production', performance: { hints: false } };
    const compiler = webpack({ ...settings, module: { rules }, output: { path } });
    await promisify(compiler.run.bind(compiler))();
    await promisify(compiler.close.bind(compiler))();
    await writeFile(join(path, 'index.html'), pageOf(`${preload('deepstream_wasm_bg.wasm')}<script src="main.js"></script>`));
    const { title, askedBy } = await visitBuilt(path);
    assert.deepEqual([title, askedBy], ['works', ['link']]);
  });

  test('reads the file in Node.js, imported and required', { timeout }, async () => {
    const check = (module) => `
      globalThis.WebSocket ??= class { close() {} addEventListener() {} removeEventListener() {} };
      const { init, DeepstreamClient } = ${module};
      init().then(() => {
        new DeepstreamClient('localhost', { lazyConnect: true }).close();
        console.log('works');
      });
    `;
    assert.equal(await runModule(consumer, check(`await import('deepstream-wasm/url')`)), 'works\n');
    if (!process.features.require_module) return;
    assert.equal(await runModule(consumer, check(`require('deepstream-wasm/url')`), { format: 'cjs' }), 'works\n');
  });

  test('works when esbuild has bundled it for Node.js', { timeout }, async () => {
    const source = `
      import { init, DeepstreamClient } from 'deepstream-wasm/url';
      await init();
      new DeepstreamClient('localhost', { lazyConnect: true }).close();
      console.log('works');
    `;
    const outfile = inConsumer('for-node.mjs');
    const stdin = { contents: source, resolveDir: consumer.directory };
    await esbuild.build({ stdin, outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'silent' });
    assert.equal(await run(process.execPath, [outfile], consumer.directory), 'works\n');
  });

  test('imports the module where only what was compiled before may run', { timeout }, async () => {
    // What a Cloudflare Worker is built with and runs in, as far as it matters here.
    const compiled = {
      name: 'compiled-wasm',
      setup({ onLoad }) {
        onLoad({ filter: /\.wasm$/ }, ({ path }) => ({
          contents: `import { readFileSync } from 'node:fs';
            export default new WebAssembly.Module(readFileSync(${JSON.stringify(path)}));`,
          resolveDir: dirname(path),
        }));
      },
    };
    const source = `
      import { init, DeepstreamClient } from 'deepstream-wasm/url';
      await init();
      new DeepstreamClient('localhost', { lazyConnect: true }).close();
      console.log('works');
    `;
    const outfile = inConsumer('for-workerd.mjs');
    const stdin = { contents: source, resolveDir: consumer.directory };
    const settings = { conditions: ['workerd', 'worker', 'browser'], external: ['node:*'], plugins: [compiled] };
    await esbuild.build({ ...settings, stdin, outfile, bundle: true, format: 'esm', logLevel: 'silent' });
    assert.equal(await run(process.execPath, [outfile], consumer.directory), 'works\n');
  });
});

for (const [version, vite] of Object.entries({ 6: vite6, 7: vite7, 8: vite8 })) {
  describe(`in Vite ${version}`, () => {
    /** A project of its own in the one that has the package: its caches are not shared. */
    const project = async (name, program) => {
      const root = inConsumer(`vite${version}-${name}`);
      await mkdir(root);
      await writeFile(join(root, 'main.js'), program);
      const head = name === 'asset' ? preload('../node_modules/deepstream-wasm/deepstream_wasm_bg.wasm') : '';
      await writeFile(join(root, 'index.html'), pageOf(`${head}<script type="module" src="/main.js"></script>`));
      return { root, cacheDir: join(root, 'cache'), configFile: false, logLevel: 'error', clearScreen: false };
    };
    const serve = async (settings) => {
      const server = await vite.createServer({ ...settings, server: { port: 0, host: '127.0.0.1' } });
      await server.listen();
      return { url: server.resolvedUrls.local[0], stop: () => server.close() };
    };

    for (const [name, program] of Object.entries(programs)) {
      const how = name === 'tuned' ? 'without being told where the module is' : 'with the URL that Vite gives the module';
      test(`the entry with a URL works ${how}: while developing, and built`, { timeout }, async () => {
        const settings = await project(name, program);
        const server = await serve(settings);
        try {
          assert.equal((await visit(server.url)).title, 'works');
        } finally {
          await server.stop();
        }
        await vite.build(settings);
        const { title, loaded, askedBy } = await visitBuilt(join(settings.root, 'dist'));
        assert.equal(title, 'works');
        if (name !== 'asset') return;
        assert.deepEqual(loaded.filter((file) => /\.wasm$|bg.text/.test(file)).length, 1, loaded.join(' '));
        assert.deepEqual(askedBy, ['link']);
      });
    }

    test('a page whose module is edited keeps one socket, as the documentation has it', { timeout }, async () => {
      const edited = (number) => `
        import { DeepstreamClient, dsClient } from 'deepstream-wasm';

        const client = new DeepstreamClient('localhost:9/own');
        import.meta.hot?.dispose(() => client.close());

        const shared = dsClient('localhost:9/shared');
        import.meta.hot?.accept();

        window.clients = [...(window.clients ?? []), client];
        window.shared = new Set([...(window.shared ?? []), shared]);
        document.title = 'edit ${number}';
      `;
      const settings = await project('hot', edited(0));
      const server = await serve(settings);
      const page = await browser.newPage();
      try {
        await page.goto(server.url);
        await page.waitForFunction(() => document.title === 'edit 0', undefined, { timeout: 20_000 });
        // Vite overlooks an edit that comes too soon after another, and may load the page anew while it starts.
        const deadline = Date.now() + 40_000;
        const made = () => page.evaluate(() => window.clients?.length ?? 0).catch(() => 0);
        for (let number = 1; (await made()) < 4; number += 1) {
          assert.ok(Date.now() < deadline, 'the page does not come to four clients');
          await writeFile(join(settings.root, 'main.js'), edited(number));
          await page.waitForFunction((title) => document.title === title, `edit ${number}`, { timeout: 1_000 }).catch(() => {});
        }
        const { open, shared } = await page.evaluate(() => ({
          open: window.clients.map((client) => client.connection.reason?.kind !== 'closed'),
          shared: window.shared.size,
        }));
        assert.deepEqual([open.filter(Boolean).length, open.at(-1), shared], [1, true, 1]);
      } finally {
        await page.close();
        await server.stop();
      }
    });
  });
}

for (const [name, bundler] of Object.entries({ webpack, rspack })) {
  test(`in ${name}, a page whose module is edited keeps one socket, as the documentation has it`, { timeout }, async () => {
    const root = inConsumer(`hot-${name}`);
    const path = join(root, 'dist');
    const edit = (number) =>
      writeFile(
        join(root, 'main.js'),
        `
        import { DeepstreamClient } from 'deepstream-wasm';

        const client = new DeepstreamClient('localhost:9');
        import.meta.webpackHot?.dispose(() => client.close());
        import.meta.webpackHot?.accept();

        window.clients = [...(window.clients ?? []), client];
        // What a development server tells the page.
        window.update = () => import.meta.webpackHot.check(true);
        document.title = 'edit ${number}';
        `,
      );
    await mkdir(root);
    await edit(0);
    const plugins = [new bundler.HotModuleReplacementPlugin()];
    const compiler = bundler({ context: root, entry: './main.js', mode: 'development', devtool: false, output: { path }, plugins });
    let compilations = 0;
    compiler.watch({}, () => (compilations += 1));
    const deadline = Date.now() + 40_000;
    const until = async (what, condition) => {
      while (!(await condition())) {
        assert.ok(Date.now() < deadline, what);
        await setTimeout(500);
      }
    };
    await until('it is not compiled', () => compilations > 0);
    await writeFile(join(path, 'index.html'), pageOf('<script src="main.js"></script>'));
    const server = await startStaticServer({ directories: { '/': path } });
    const page = await browser.newPage();
    try {
      await page.goto(server.url);
      await until('the edit does not come to the page', async () => {
        // One that comes too soon after another is overlooked.
        await edit(1);
        await page.evaluate(() => window.update());
        return (await page.title()) === 'edit 1';
      });
      const isClosed = await page.evaluate(() => window.clients.map((client) => client.connection.reason?.kind === 'closed'));
      assert.deepEqual(isClosed, [true, false]);
    } finally {
      await page.close();
      await server.stop();
      await promisify(compiler.close.bind(compiler))();
    }
  });
}

describe('where something else stands in the place of the module', () => {
  const attempt = (source) => `
    import { init } from './pkg/url.mjs';
    init(${source}).catch(({ name, code, message }) => (document.title = [name, code, message].join('|')));
  `;

  const places = {
    'a web page, as servers of single-page applications send it': [`'/anything'`, /anything is a web page \(text\/html\)/],
    'a web page that was fetched before': [`fetch('/anything')`, /anything is a web page \(text\/html\)/],
    'nothing': [`new URL('/missing.wasm', location)`, /none at .*missing\.wasm \(HTTP status 404\)/],
    'a web page without a type': [`fetch('/untyped')`, /is something else/],
    'the bytes of a web page': [`fetch('/anything').then((page) => page.arrayBuffer())`, /is something else/],
  };
  for (const [what, [source, message]] of Object.entries(places)) {
    test(`init() says so: ${what}`, { timeout }, async () => {
      const page = pageOf(`<script type="module">${attempt(source)}</script>`);
      const server = await startStaticServer({
        directories: { '/pkg': installed() },
        handle({ url }, response) {
          if (url !== '/' && url !== '/anything' && url !== '/untyped') return false;
          response.writeHead(200, { 'Content-Type': url === '/untyped' ? 'application/octet-stream' : 'text/html; charset=utf-8' });
          response.end(page);
          return true;
        },
      });
      try {
        const { title } = await visit(server.url);
        assert.match(title, /^DeepstreamError\|WEBASSEMBLY_NOT_FOUND\|/);
        assert.match(title, message);
      } finally {
        await server.stop();
      }
    });
  }
});

describe('as docs/bundlers.md shows it', async () => {
  const documentation = await readFile(inRepository('docs/bundlers.md'), 'utf8');
  const pages = {
    'A page without a bundler': [],
    'A classic script': ['https://unpkg.com/deepstream-wasm', `/node_modules/deepstream-wasm/${manifest.unpkg}`],
  };
  for (const [title, [address = '', local = '']] of Object.entries(pages)) {
    test(`${title[0].toLowerCase()}${title.slice(1)} works`, { timeout }, async () => {
      const [, page] = new RegExp(`^## ${title}\n+\`\`\`html\n([^]*?)^\`\`\`$`, 'm').exec(documentation);
      const told = page.replace(/(?=<\/script>\s*$)/, '  document.title = client.getConnectionState();\n').replace(address, local);
      await writeFile(inConsumer('index.html'), pageOf(told));
      assert.equal((await visitBuilt(consumer.directory)).title, 'INITIALISING');
    });
  }

  test('the module is preloaded in the tests above', () => {
    for (const directory of ['/pkg', '/node_modules/deepstream-wasm']) {
      assert.ok(documentation.includes(preload(`${directory}/deepstream_wasm_bg.wasm`)), directory);
    }
    assert.equal(documentation.match(/rel="preload"/g).length, 2);
  });
});

describe('the classic script', () => {
  const script = manifest.unpkg;

  test('is where unpkg and jsDelivr look for it', () => {
    assert.equal(manifest.jsdelivr, script);
    assert.ok(consumer.files.includes(script.replace('./', '')));
  });

  const program = `
    const { C, DeepstreamClient: Client, DeepstreamError, dsClient, threeWay } = DeepstreamClient;
    const client = new Client('localhost:9', { lazyConnect: true });
    const outcome = client.getConnectionState() === C.CONNECTION_STATE.CLOSED && typeof dsClient === 'function' && client.constructor.name;
  `;
  const pages = {
    'a page': pageOf(`<script src="/pkg/${script}"></script><script>${program}; document.title = outcome;</script>`),
    'a worker, by importScripts()': pageOf(`<script>
      const source = "importScripts(location.origin + '/pkg/${script}');" + ${JSON.stringify(program)} + "; postMessage(outcome);";
      new Worker(URL.createObjectURL(new Blob([source]))).onmessage = ({ data }) => (document.title = data);
    </script>`),
  };
  for (const [where, page] of Object.entries(pages)) {
    test(`gives ${where} a global that holds all exports`, { timeout }, async () => {
      const directory = inConsumer(`classic-${where.length}`);
      await mkdir(directory);
      await writeFile(join(directory, 'index.html'), page);
      await cp(installed(), join(directory, 'pkg'), { recursive: true });
      assert.equal((await visitBuilt(directory)).title, 'DeepstreamClient');
    });
  }
});

test('the source maps lead from the scripts to the lines they come from', async () => {
  const scripts = consumer.files.filter((name) => /\.[mc]?js$/.test(name) && !/timer-worker|bg\.text/.test(name));
  assert.ok(scripts.length >= 6, scripts.join(' '));
  let compared = 0;
  for (const script of scripts) {
    const code = await readFile(installed(script), 'utf8');
    const [, mapName] = /\/\/# sourceMappingURL=(.*)\s*$/.exec(code) ?? [];
    const payload = JSON.parse(await readFile(join(dirname(installed(script)), mapName), 'utf8'));
    const map = new SourceMap(payload);
    const lines = code.split('\n');
    lines.forEach((text, line) => {
      // The module itself has no source.
      if (text.length > 100_000) return;
      for (const { 0: literal, index } of text.matchAll(/"[a-z][A-Za-z]+ [a-z][\w ,:.'-]{8,}"/g)) {
        const { originalSource, originalLine } = map.findEntry(line, index);
        const original = payload.sourcesContent[payload.sources.indexOf(originalSource)].split('\n').slice(originalLine, originalLine + 3);
        assert.ok(original.some((text) => text.includes(literal.slice(1, 15))), `${script}:${line + 1}:${index + 1} ${literal}`);
        compared += 1;
      }
    });
    assert.ok(payload.sourcesContent.every(Boolean) && payload.sources.length === payload.sourcesContent.length, script);
    // Elsewhere they would be among the files of the application.
    for (const source of payload.sources) {
      const path = join(dirname(installed(script)), source);
      assert.ok(path.startsWith(installed()), `${script}: ${path}`);
    }
  }
  assert.ok(compared > 100, `${compared} literals`);
});
