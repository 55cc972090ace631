// The `test` of network.mjs in a browser as people have it. Playwright usually keeps every page visible, focused and
// unthrottled, and out of the back/forward cache.
import { readFile } from 'node:fs/promises';
import { chromium } from '@playwright/test';
import { inRoot } from '../../../scripts/lib/paths.mjs';
import { freePort, loopback } from '../../harness/ports.mjs';
import { expect, test as base } from './network.mjs';

export { expect };

/** What Playwright would start Chromium with, and nobody else does. */
const unlikePeople = [
  '--disable-back-forward-cache',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

export const test = base.extend({
  realBrowser: [
    async ({ launchOptions }, use) => {
      const port = await freePort();
      const launched = await chromium.launch({
        ...launchOptions,
        args: [...launchOptions.args, `--remote-debugging-port=${port}`],
        ignoreDefaultArgs: unlikePeople,
      });
      // Only the browser's own context is left as it is: the tabs of all pages are in one window.
      const browser = await chromium.connectOverCDP(`http://${loopback}:${port}`, { noDefaults: true });
      await use(browser);
      await browser.close();
      await launched.close();
    },
    { scope: 'worker' },
  ],

  /** Opens a page in a tab, before the others. */
  openPage: async ({ realBrowser: browser }, use) => {
    const [context] = browser.contexts();
    const pages = [];
    const complaints = [];
    await use(async (url) => {
      const page = await context.newPage();
      pages.push(page);
      page.on('pageerror', (error) => complaints.push(String(error)));
      if (url) await page.goto(url);
      return page;
    });
    await Promise.all(pages.map((page) => page.close()));
    expect(complaints, 'complaints of pages').toEqual([]);
  },

  /** The same pages, but a browser may keep them. */
  site: async ({ startSite }, use) => {
    const files = { '/index.html': 'index.html', '/empty.html': 'empty.html' };
    const pages = await Promise.all(
      Object.entries(files).map(async ([path, name]) => [path, await readFile(inRoot('tests/e2e/pages', name))]),
    );
    const handle = ({ url }, response) => {
      const [, page] = pages.find(([path]) => path === url) ?? [];
      if (page) response.writeHead(200, { 'content-type': 'text/html' }).end(page);
      return page !== undefined;
    };
    await use(await startSite({ handle }));
  },
});

/** Has the tab run nothing any more, or run again. A page that is frozen answers no test either. */
export async function setFrozen(page, frozen) {
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setWebLifecycleState', { state: frozen ? 'frozen' : 'active' });
  await session.detach();
}
