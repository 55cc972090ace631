// The `test` of network.mjs with browsers of people who open several tabs, and tabs that die.
import { expect, test as base } from './network.mjs';
import { Visitor } from './visitor.mjs';

export { expect };

export const test = base.extend({
  /** Starts a browser of its own; what its tabs keep in storage outlives them. */
  startBrowser: async ({ browser, site }, use) => {
    const contexts = [];
    await use(async () => {
      const context = await browser.newContext();
      contexts.push(context);
      return {
        context,
        /** Opens a tab, with a client if there is a server. */
        async open(server, options) {
          const visitor = new Visitor(await context.newPage());
          await visitor.page.goto(`${site.url}/index.html`);
          if (server) await visitor.connect(server, options);
          return visitor;
        },
      };
    });
    await Promise.all(contexts.map((context) => context.close()));
  },

  /** A server, somebody who hears all news of it, and a network to it for those who write them. */
  startStory: async ({ startDeepstream, startProxy, visit }, use) =>
    use(async ({ params, ...options } = {}) => {
      const server = await startDeepstream(options);
      const network = await startProxy(server);
      const reader = await visit(server);
      const other = await visit(server);
      for (const visitor of [reader, other]) expect(await visitor.login(params)).toHaveProperty('data');
      await reader.hear('news');
      await reader.isReachedBy(other);
      return {
        network,
        /** Ends the server. */
        async down() {
          network.fail('refuse');
          await server.kill();
        },
        /** Starts the server again; writers reach it as soon as the reader misses nothing any more. */
        async up() {
          await server.start();
          for (const visitor of [reader, other]) await visitor.comesTo('OPEN');
          await reader.isReachedBy(other);
          network.fail('none');
        },
        /** The news that the reader has got since this was asked last, once the writer has nothing more to send. */
        async newsFrom(writer) {
          await sendsEverything(writer);
          const end = `the end ${Math.random()}`;
          await writer.emit('news', end);
          const isHeard = async () => (await reader.heard('news')).includes(end);
          await expect.poll(isHeard, 'whether the end was heard').toBe(true);
          await sendsEverything(writer);
          const heard = await reader.page.evaluate(() => received.news.splice(0));
          return heard.filter((one) => one !== end);
        },
      };
    }),
});

/** Waits until the outbox of the page is empty. */
export async function sendsEverything(visitor) {
  await visitor.comesTo('OPEN');
  await expect.poll(() => sizeOf(visitor), { message: 'entries in the outbox', timeout: 60_000 }).toBe(0);
}

export const sizeOf = ({ page }) => page.evaluate(() => client.outbox.size);

/** Emits news that say who wrote them and in which order; gives them. */
export async function writes({ page }, count, from = 'ada') {
  const news = Array.from({ length: count }, (_, index) => `${from} ${index}`);
  await page.evaluate((all) => all.forEach((one) => client.event.emit('news', one)), news);
  return news;
}

/** The same with each event in a task of its own, so that storage takes or refuses them one by one. */
export async function writesOneByOne({ page }, count, from = 'ada') {
  const news = Array.from({ length: count }, (_, index) => `${from} ${index}`);
  await page.evaluate(async (all) => {
    for (const one of all) {
      client.event.emit('news', one);
      await undefined;
    }
  }, news);
  return news;
}

/** Has the page log in as soon as it can. */
export const logsInLater = ({ page }, params) => page.evaluate((given) => void login(given), params);

/** The entries in the storage of the page's browser, by key and number. */
export const storedBy = ({ page }) =>
  page.evaluate(() => {
    const stored = [];
    for (const key of Object.keys(localStorage).filter((one) => /^deepstream-wasm\/.*\/\d+$/.test(one))) {
      // After the first line, each entry is a line that ends with three lengths in bytes, then what has them, and another end of a line.
      const bytes = new TextEncoder().encode(localStorage.getItem(key));
      for (let at = bytes.indexOf(10) + 1; at < bytes.length; ) {
        const end = bytes.indexOf(10, at);
        const [, number, , , ...lengths] = new TextDecoder().decode(bytes.subarray(at, end)).split(' ');
        stored.push(`${key}: ${number}`);
        at = end + 2 + lengths.reduce((sum, length) => sum + Number(length), 0);
      }
    }
    return stored;
  });

/** Ends the process of a tab, as the browser does when memory runs out. */
export async function crash({ page }) {
  const crashed = page.waitForEvent('crash');
  const session = await page.context().newCDPSession(page);
  session.send('Page.crash').catch(() => {});
  await crashed;
  await page.close();
}
