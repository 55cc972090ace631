// The `test` of Playwright with servers, a site, and an eye on what pages complain about.
import { test as base, expect } from '@playwright/test';
import { inRoot } from '../../../scripts/lib/paths.mjs';
import { startDeepstreamServer } from '../../harness/deepstream-server.mjs';
import { startScriptedServer } from '../../harness/scripted-server.mjs';
import { startStaticServer } from '../../harness/static-server.mjs';
import { Visitor } from './visitor.mjs';

export { expect };

/** What Chromium itself writes on the console when a connection fails: no script can keep it from doing so. */
const networkFailure = /^WebSocket connection to '.*' failed|^Failed to load resource: net::ERR_/;

/** Servers wait for those whom a busy machine keeps from answering. */
const patient = { rpc: { ackTimeout: 5_000 }, listen: { responseTimeout: 5_000 } };

/** Gives `use` a function that starts something, and stops all of it in the end. */
const starting = (start) => async ({}, use) => {
  const started = [];
  await use(async (options) => {
    const server = await start(options);
    started.push(server);
    return server;
  });
  await Promise.all(started.map((server) => server.stop()));
};

export const test = base.extend({
  /** The name of a script that is not ours: what it complains about is not held against the page. */
  foreignScript: [null, { option: true }],

  startDeepstream: starting((options) => startDeepstreamServer({ ...patient, ...options })),
  startScripted: starting(startScriptedServer),

  /** Serves `pages/`, and the package under `/pkg/`, as any static server would. */
  startSite: starting((options) =>
    startStaticServer({ directories: { '/': inRoot('tests/e2e/pages'), '/pkg': inRoot('pkg') }, ...options }),
  ),

  site: async ({ startSite }, use) => use(await startSite()),

  /**
   * Opens a page in a browser context of its own. The test fails if any of its pages throws into the void or writes an
   * error on the console.
   */
  openPage: async ({ browser, foreignScript }, use) => {
    const contexts = [];
    const complaints = [];
    await use(async (url, options) => {
      const context = await browser.newContext(options);
      contexts.push(context);
      context.on('console', (message) => {
        if (foreignScript !== null && message.location().url.endsWith(foreignScript)) return;
        if (message.type() === 'error' && !networkFailure.test(message.text())) complaints.push(message.text());
      });
      context.on('weberror', (webError) => complaints.push(String(webError.error())));
      const page = await context.newPage();
      if (url) await page.goto(url);
      return page;
    });
    await Promise.all(contexts.map((context) => context.close()));
    expect(complaints, 'complaints of pages').toEqual([]);
  },

  /** Opens a page with a client. */
  visit: async ({ openPage, site }, use) =>
    use(async (server, options) => {
      const visitor = new Visitor(await openPage(`${site.url}/index.html`));
      await visitor.connect(server, options);
      return visitor;
    }),
});
