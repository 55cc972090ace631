// The packed package in each browser engine that there is, against a real server: what depends on the engine, and one of each
// thing that a client does. `npm run test:engines` finds the engines and names them in ENGINES.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { startDeepstreamServer } from '../harness/deepstream-server.mjs';
import { startStaticServer } from '../harness/static-server.mjs';
import { startTcpProxy } from '../harness/tcp-proxy.mjs';
import { createConsumer, inRepository } from '../packaging/consumer.mjs';
import { starters } from './engines.mjs';

const timeout = 120_000;
const consumer = await createConsumer();
const engines = JSON.parse(process.env.ENGINES ?? '{}');
if (Object.keys(engines).length === 0) throw new Error('ENGINES names no engine: start with `npm run test:engines`.');

let server;
let site;
before(async () => {
  const users = Object.fromEntries(['ann', 'bob'].map((id) => [id, { password: id, clientData: { id } }]));
  server = await startDeepstreamServer({ users });
  site = await startStaticServer({
    etag: true,
    directories: {
      '/': inRepository('tests/engines'),
      '/pages': inRepository('tests/e2e/pages'),
      '/pkg': join(consumer.directory, 'node_modules/deepstream-wasm'),
    },
  });
});
after(() => Promise.all([server?.stop(), site?.stop()]));

/** Asks until what comes is what is expected. */
async function eventually(read, expected) {
  let value;
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    value = await read();
    try {
      return assert.deepEqual(value, expected);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  assert.deepEqual(value, expected);
}

for (const [name, programs] of Object.entries(engines)) {
  describe(`in ${name}`, () => {
    let engine;
    const tabs = [];
    const proxies = [];

    before(async () => {
      engine = await starters[name](programs);
      console.log(`${name}: ${engine.version}`);
    });
    after(() => engine?.stop());
    afterEach(async () => {
      // What one test leaves in storage is not for the next.
      await tabs[0]?.evaluate(() => localStorage.clear()).catch(() => {});
      await Promise.allSettled(tabs.splice(0).map((tab) => tab.close()));
      await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
    });

    const isLoaded = (tab) => eventually(() => tab.evaluate(() => globalThis.loaded), true);
    const openPage = async () => {
      const tab = await engine.openTab();
      tabs.push(tab);
      await tab.goto(`${site.url}/page.html`);
      await isLoaded(tab);
      return tab;
    };
    const join = (tab, user, options, url = server.url) => tab.evaluate((...given) => globalThis.join(...given), url, user, options);
    const member = async (user, options, url) => {
      const tab = await openPage();
      await join(tab, user, options, url);
      return tab;
    };
    const startProxy = async () => {
      const proxy = await startTcpProxy({ target: server.port });
      proxies.push(proxy);
      return { proxy, url: server.url.replace(`:${server.port}/`, `:${proxy.port}/`) };
    };
    const heard = (tab) => tab.evaluate(() => heard);
    const state = (tab) => tab.evaluate(() => client.getConnectionState());
    const errors = (tab) => tab.evaluate(() => errors);

    test('logs in, is refused, and closes', { timeout }, async () => {
      const ann = await openPage();
      const refused = await ann.evaluate((url) => join(url, 'nobody').catch(({ code }) => code), server.url);
      assert.equal(refused, 'INVALID_AUTHENTICATION_DETAILS');
      assert.deepEqual(await ann.evaluate(() => client.login({ username: 'ann', password: 'ann' })), { id: 'ann' });
      assert.equal(await state(ann), 'OPEN');
      await ann.evaluate(() => client.close());
      await eventually(() => state(ann), 'CLOSED');
    });

    test('exchanges events, with receipts and everything that JSON can say', { timeout }, async () => {
      const [ann, bob] = [await member('ann'), await member('bob')];
      await bob.evaluate(() => hear('news'));
      await bob.evaluate(() => client.event.emit('warm', 1, { receipt: true }));
      const sent = [{ text: 'Grüße, 世界 🎈', list: [1, 2.5, null, true] }, 'x'.repeat(50_000)];
      for (const data of sent) {
        assert.equal(await ann.evaluate((data) => client.event.emit('news', data, { receipt: true }), data), 'delivered');
      }
      await eventually(() => heard(bob), sent);
      assert.deepEqual([await errors(ann), await errors(bob)], [[], []]);
    });

    test('shares records', { timeout }, async () => {
      const [ann, bob] = [await member('ann'), await member('bob')];
      const note = `note-${name}`;
      for (const tab of [ann, bob]) {
        await tab.evaluate(async (note) => {
          globalThis.note = await client.record.getRecord(note).whenReady();
        }, note);
      }
      await ann.evaluate(() => note.setWithAck({ title: 'Shopping', items: ['bread'] }));
      await eventually(() => bob.evaluate(() => note.get()), { title: 'Shopping', items: ['bread'] });
      await bob.evaluate(() => note.setWithAck('items[1]', 'milk'));
      await eventually(() => ann.evaluate(() => note.get('items')), ['bread', 'milk']);
    });

    test('calls, and is called', { timeout }, async () => {
      const [ann, bob] = [await member('ann'), await member('bob')];
      await bob.evaluate(async () => {
        client.rpc.provide('add', ({ a, b }) => a + b);
        client.rpc.provide('fail', () => Promise.reject('no way'));
        await client.event.emit('warm', 1, { receipt: true });
      });
      assert.equal(await ann.evaluate(() => client.rpc.make('add', { a: 1, b: 2 })), 3);
      const failure = await ann.evaluate(() => client.rpc.make('fail').catch(({ code, reason }) => [code, reason]));
      assert.deepEqual(failure, ['REQUEST_ERROR', 'no way']);
    });

    test('sees who is there', { timeout }, async () => {
      const ann = await member('ann');
      await ann.evaluate(() => client.presence.subscribe('bob', (user, online) => heard.push(`${user} ${online}`)));
      await ann.evaluate(() => client.event.emit('warm', 1, { receipt: true }));
      const bob = await member('bob');
      await eventually(() => heard(ann), ['bob true']);
      assert.deepEqual(await ann.evaluate(() => client.presence.getAll()), ['bob']);
      await bob.evaluate(() => client.close());
      await eventually(() => heard(ann), ['bob true', 'bob false']);
    });

    test('keeps what an outage holds up, also when the page is loaded anew', { timeout }, async () => {
      const { proxy, url } = await startProxy();
      const bob = await member('bob');
      await bob.evaluate(() => hear('letters'));
      await bob.evaluate(() => client.event.emit('warm', 1, { receipt: true }));
      const record = `kept-${name}`;
      const ann = await member('ann', { maxReconnectInterval: 500 }, url);
      await ann.evaluate((record) => client.record.getRecord(record).whenReady(), record);
      proxy.fail('refuse');
      await eventually(() => state(ann), 'RECONNECTING');
      await ann.evaluate((record) => {
        client.event.emit('letters', 'first');
        client.event.emit('letters', 'second');
        client.record.getRecord(record).set('title', 'written during the outage');
      }, record);
      await ann.reload();
      await isLoaded(ann);
      await ann.evaluate((url) => void join(url, 'ann', { maxReconnectInterval: 500 }).catch(() => {}), url);
      await eventually(() => ann.evaluate(() => client.connection.reason?.kind), 'network');
      assert.deepEqual(await heard(bob), []);
      proxy.fail('none');
      await eventually(() => heard(bob), ['first', 'second']);
      await eventually(() => bob.evaluate((record) => client.record.snapshot(record).catch(({ code }) => code), record), {
        title: 'written during the outage',
      });
      await eventually(() => ann.evaluate(() => client.outbox.size), 0);
    });

    test('takes over what a tab leaves, and not before it is gone', { timeout }, async () => {
      assert.equal(await (await openPage()).evaluate(() => typeof navigator.locks?.request), 'function');
      const { proxy, url } = await startProxy();
      const bob = await member('bob');
      await bob.evaluate(() => hear('letters'));
      await bob.evaluate(() => client.event.emit('warm', 1, { receipt: true }));
      const leaving = await member('ann', {}, url);
      proxy.fail('refuse');
      await eventually(() => state(leaving), 'RECONNECTING');
      await leaving.evaluate(() => client.event.emit('letters', 'left behind'));
      const staying = await member('ann');
      await staying.evaluate(() => client.event.emit('letters', 'mine', { receipt: true }));
      await eventually(() => heard(bob), ['mine']);
      assert.equal(await leaving.evaluate(() => client.outbox.size), 1);
      tabs.splice(tabs.indexOf(leaving), 1);
      await leaving.close();
      await eventually(() => heard(bob), ['mine', 'left behind']);
    });

    test('has records in IndexedDB when a page is opened without a network', { timeout }, async () => {
      const { proxy, url } = await startProxy();
      const options = { offlineEnabled: true, saveUpdatesOffline: true };
      const ann = await member('ann', options, url);
      const record = `offline-${name}`;
      await ann.evaluate(async (record) => {
        const note = await client.record.getRecord(record).whenReady();
        await note.setWithAck('title', 'Shopping');
      }, record);
      // It is kept a moment after it was written.
      const kept = () =>
        ann.evaluate(async () => {
          const databases = (await indexedDB.databases?.()) ?? [];
          return databases.length > 0;
        });
      await eventually(kept, true);
      await ann.evaluate(() => client.close());
      proxy.fail('refuse');
      const read = async () => {
        await ann.reload();
        await isLoaded(ann);
        return ann.evaluate(
          async (url, options, record) => {
            void join(url, 'ann', options).catch(() => {});
            const note = client.record.getRecord(record);
            const loaded = note.whenReady().then(() => true, () => false);
            const late = new Promise((resolve) => setTimeout(resolve, 2_000, false));
            return [await Promise.race([loaded, late]), note.isFromStorage, note.get('title')];
          },
          url,
          options,
          record,
        );
      };
      await eventually(read, [true, true, 'Shopping']);
    });

    test('gives its connection up for the back/forward cache, and is back when the page is', { timeout }, async () => {
      const { proxy, url } = await startProxy();
      const bob = await member('bob');
      const ann = await member('ann', {}, url);
      await ann.evaluate(() => hear('news'));
      await ann.evaluate(() => client.event.emit('warm', 1, { receipt: true }));
      await ann.goto(`${site.url}/pages/empty.html`);
      await eventually(() => proxy.connections(), 0);
      await ann.back();
      await isLoaded(ann);
      // Firefox decides before `pagehide`, and keeps no page that has a socket then: it is loaded anew.
      const isCached = name !== 'firefox';
      assert.deepEqual(await ann.evaluate(() => shown), isCached ? [false, true] : [false]);
      if (!isCached) {
        await join(ann, 'ann', {}, url);
        await ann.evaluate(() => hear('news'));
        await ann.evaluate(() => client.event.emit('warm', 1, { receipt: true }));
      }
      await eventually(() => state(ann), 'OPEN');
      await eventually(async () => {
        await bob.evaluate(() => client.event.emit('news', 'hello again', { receipt: true }));
        return (await heard(ann))[0];
      }, 'hello again');
    });
  });
}
