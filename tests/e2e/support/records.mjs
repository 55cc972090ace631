// The `test` of network.mjs with pages that hold records, and with a client of @deepstream/client beside them.
import deepstream from '@deepstream/client';
import { eventually, expect, test as base } from './network.mjs';

export { eventually, expect };

/** Records that are waited for only as long as a test can. */
const options = { recordDiscardTimeout: 50 };

export const test = base.extend({
  /** Opens pages with clients that are logged in, each with a network that can fail. */
  visitRecords: async ({ visitThroughProxy }, use) =>
    use(async (server, more) => {
      const { visitor, proxy } = await visitThroughProxy(server, { ...options, ...more });
      await visitor.page.evaluate(() => import('/records.mjs'));
      return { page: visitor.page, visitor, proxy };
    }),

  /** Makes clients of @deepstream/client that are logged in. */
  makeReference: async ({}, use) => {
    const made = [];
    await use(async (server) => {
      const client = new deepstream.DeepstreamClient(server.url, { subscriptionInterval: 0 });
      made.push(client);
      client.on('error', () => {});
      await client.login();
      return client;
    });
    for (const client of made) client.close();
  },
});

/** Opens a record in a page: see pages/records.mjs. */
export const open = (page, ...given) => page.evaluate((all) => globalThis.open(...all), given);

/** The data of a record in a page. */
export const dataOf = (page, name) => page.evaluate((its) => globalThis[its].get(), name);

/** What the subscribers and listeners of a record were told so far. */
export const heardOf = (page, name) => page.evaluate((its) => globalThis.heard[its], name);
