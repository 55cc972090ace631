// A page that is left gives its connection up, so that the back/forward cache can keep it, and resumes when it is shown.
import { becomesQuiet, connectionOf, eventually, expect, test as networkTest } from './support/network.mjs';
import { test } from './support/real-tabs.mjs';
import { Visitor } from './support/visitor.mjs';

const cacheTest = test.extend({
  /** Leaves for another page, and comes back to the first as it was. */
  traveller: async ({ startDeepstream, visit, visitThroughProxy, site }, use) => {
    const server = await startDeepstream();
    const bystander = await visit(server);
    await bystander.login();
    const { visitor, proxy } = await visitThroughProxy(server, { heartbeatInterval: 60_000 });
    const { page } = visitor;
    await page.evaluate(() => {
      globalThis.shown = [];
      addEventListener('pageshow', ({ persisted }) => shown.push(persisted));
      addEventListener('pagehide', ({ persisted }) => client.event.emit('letters', persisted ? 'See you' : 'Farewell'));
    });
    const leave = () => page.goto(`${site.url}/empty.html`);
    const comeBack = async () => {
      await page.goBack({ waitUntil: 'commit' });
      expect(await page.evaluate(() => globalThis.shown), 'whether the page came from the cache').toEqual([true]);
    };
    await use({ server, bystander, visitor, proxy, page, leave, comeBack });
  },
});

cacheTest('subscribes and says again what it had to', async ({ traveller: { bystander, visitor, proxy, leave, comeBack } }) => {
  await visitor.hear('news');
  await visitor.isReachedBy(bystander);
  await bystander.hear('letters');
  await bystander.isReachedBy(visitor);
  await leave();
  await eventually(() => proxy.connections()).toBe(0);
  await bystander.emit('news', 'missed');
  expect(await bystander.heard('letters')).toEqual([]);

  await comeBack();
  await visitor.comesTo('OPEN');
  expect(await connectionOf(visitor)).toMatchObject({ reason: { kind: 'page-hidden', willRetry: true }, wasReconnected: true });
  await visitor.isReachedBy(bystander);
  await bystander.emit('news', 'heard');
  await eventually(() => visitor.heard('news')).toEqual(['heard']);
  await eventually(() => bystander.heard('letters')).toEqual(['See you']);
  const { states, errors } = await visitor.told();
  expect(states.slice(states.indexOf('OPEN') + 1)[0]).toBe('RECONNECTING');
  expect(errors).toEqual([]);
  expect(proxy.accepted()).toBe(2);
});

cacheTest('dials once when it is back, and not before', async ({ traveller: { bystander, visitor, proxy, leave, comeBack } }) => {
  proxy.fail('refuse');
  await visitor.comesTo('RECONNECTING');
  await leave();
  const before = proxy.accepted();
  proxy.fail('none');
  await becomesQuiet(bystander);
  expect(proxy.accepted()).toBe(before);
  await comeBack();
  await visitor.comesTo('OPEN');
  expect(proxy.accepted()).toBe(before + 1);
});

for (const [call, state] of [
  ['pause', 'OFFLINE'],
  ['close', 'CLOSED'],
]) {
  cacheTest(`leaves alone what ${call}() ended`, async ({ traveller: { visitor, proxy, page, leave, comeBack } }) => {
    await page.evaluate((name) => client[name](), call);
    await leave();
    await comeBack();
    expect(await visitor.state()).toBe(state);
    expect(proxy.accepted()).toBe(1);
  });
}

const write = (page, count) =>
  page.evaluate((all) => Array.from({ length: all }, (_, index) => client.event.emit('news', index)), count);

cacheTest('keeps what waits', async ({ traveller: { bystander, visitor, proxy, page, leave, comeBack } }) => {
  await bystander.hear('news');
  await bystander.isReachedBy(visitor);
  proxy.fail('refuse');
  await visitor.comesTo('RECONNECTING');
  await write(page, 20);
  await leave();
  await comeBack();
  proxy.fail('none');
  await eventually(() => bystander.heard('news')).toEqual(Array.from({ length: 20 }, (_, index) => index));
});

cacheTest('leaves what waits to another tab', async ({ traveller: { bystander, visitor, proxy, page, leave, comeBack }, openPage, site }) => {
  await bystander.hear('news');
  await bystander.isReachedBy(visitor);
  proxy.fail('refuse');
  await visitor.comesTo('RECONNECTING');
  await write(page, 20);
  await leave();
  proxy.fail('none');
  const heir = new Visitor(await openPage(`${site.url}/index.html`));
  await heir.connect(proxy);
  await heir.login();
  await eventually(() => bystander.heard('news')).toEqual(Array.from({ length: 20 }, (_, index) => index));
  await eventually(() => heir.page.evaluate(() => client.outbox.size)).toBe(0);
  await heir.page.close();
  await page.bringToFront();
  await comeBack();
  await visitor.comesTo('OPEN');
  await eventually(() => page.evaluate(() => client.outbox.size)).toBe(0);
  await visitor.emit('news', 'the end');
  await eventually(async () => (await bystander.heard('news')).slice(20)).toEqual(['the end']);
});

networkTest('listens to nothing that would keep the page out of the cache', async ({ startScripted, openPage, site }) => {
  const server = await startScripted();
  const page = await openPage();
  await page.addInitScript(() => {
    const { addEventListener } = EventTarget.prototype;
    globalThis.listenedTo = new Set();
    EventTarget.prototype.addEventListener = function (type, ...rest) {
      listenedTo.add(type);
      return addEventListener.call(this, type, ...rest);
    };
  });
  await page.goto(`${site.url}/index.html`);
  const listenedTo = await page.evaluate(async (url) => {
    visit(url);
    await login();
    return { types: [...globalThis.listenedTo], handlers: [onunload, onbeforeunload] };
  }, server.url());
  expect(listenedTo.types).toContain('pagehide');
  for (const type of ['unload', 'beforeunload']) expect(listenedTo.types).not.toContain(type);
  expect(listenedTo.handlers).toEqual([null, null]);
});

cacheTest('does not take what vanished from storage for delivered', async ({ traveller: { bystander, visitor, proxy, page, leave, comeBack } }) => {
  await bystander.hear('news');
  await bystander.isReachedBy(visitor);
  proxy.fail('refuse');
  await visitor.comesTo('RECONNECTING');
  await page.evaluate(() => {
    globalThis.problems = [];
    client.on('storageDegraded', ({ reason }) => problems.push(reason));
    globalThis.receipt = client.event.emit('news', 'kept', { receipt: true });
    receipt.then((outcome) => (globalThis.outcome = outcome));
  });
  // In a task of its own: what is emitted is in storage when its task ends, and not before.
  await page.evaluate(() => localStorage.clear());
  await leave();
  await comeBack();
  await eventually(() => page.evaluate(() => problems)).toHaveLength(1);
  expect(await page.evaluate(() => globalThis.outcome ?? null)).toBe(null);
  proxy.fail('none');
  expect(await page.evaluate(() => receipt)).toBe('delivered');
  await eventually(() => bystander.heard('news')).toEqual(['kept']);
});
