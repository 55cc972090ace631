// What a page has written to records without a connection outlives the page, and is settled as if it had lived.
import { mergeTests } from '@playwright/test';
import { crash, logsInLater, sendsEverything, storedBy, test as withOutbox } from './support/outbox.mjs';
import { dataOf, eventually, expect, heardOf, open, test as withRecords } from './support/records.mjs';

const test = mergeTests(withOutbox, withRecords).extend({
  /** A server, somebody beside us, and a browser of one user whose tabs reach the server through a network that can fail. */
  startPages: async ({ startDeepstream, startProxy, startBrowser, makeReference }, use) =>
    use(async () => {
      const server = await startDeepstream();
      const network = await startProxy(server);
      const browser = await startBrowser();
      const openTab = async () => {
        const visitor = await browser.open();
        await visitor.page.evaluate(() => import('/records.mjs'));
        await visitor.connect(network, { recordDiscardTimeout: 50 });
        return visitor;
      };
      return { server, network, openTab, reference: await makeReference(server) };
    }),
});

const base = { title: 'base', body: 'base', same: 'base', tags: ['a'] };

test('what was written to records before the page was killed is seen and sent by the next one', async ({ startPages }) => {
  const { network, openTab, reference } = await startPages();
  await Promise.all(['note', 'gone', 'past'].map((name) => reference.record.setDataWithAck(name, base)));
  const killed = await openTab();
  await killed.login();
  for (const name of ['note', 'gone']) await open(killed.page, name);
  network.fail('refuse');
  await killed.comesTo('RECONNECTING');
  await killed.page.evaluate(() => {
    note.set('body', 'ours');
    note.erase('same');
    note.setMulti({ 'deep.down[1]': { a: 1 }, title: 'ours' });
    client.record.getList('entries').addEntry('one');
    gone.delete().catch(() => {});
    client.record.setData('past', 'title', 'ours');
    client.record.setData('made', { by: 'setData' });
    client.record.setData('memory', { lives: 'with the page' }, undefined, { delivery: 'memory' });
    client.record.setData('late', { after: 'its time' }, undefined, { ttl: 1 });
  });
  const never = killed.page.evaluate(() =>
    client.record.setDataWithAck('never', {}, undefined, { delivery: 'drop' }).catch(({ code }) => code),
  );
  expect(await never).toBe('OUTBOX_NOT_CONNECTED');
  const kinds = await killed.page.evaluate(() => client.outbox.entries().map(({ kind, name }) => `${kind} ${name}`));
  expect(new Set(kinds)).toEqual(
    new Set(['record note', 'record entries', 'record gone', 'record past', 'record made', 'record memory']),
  );
  await crash(killed);

  const next = await openTab();
  expect((await storedBy(next)).length).toBeGreaterThan(0);
  await open(next.page, 'note');
  const expected = { title: 'ours', body: 'ours', tags: ['a'], deep: { down: [null, { a: 1 }] } };
  expect(await dataOf(next.page, 'note'), 'without a connection').toEqual(expected);
  await next.page.evaluate(() => note.set('tags[1]', 'b'));
  await logsInLater(next);
  network.fail('none');
  await sendsEverything(next);

  expect(await reference.record.snapshot('note')).toEqual({ ...expected, tags: ['a', 'b'] });
  expect(await reference.record.snapshot('entries')).toEqual(['one']);
  expect(await reference.record.has('gone')).toBe(false);
  expect(await reference.record.snapshot('past')).toEqual({ ...base, title: 'ours' });
  expect(await reference.record.snapshot('made')).toEqual({ by: 'setData' });
  for (const name of ['memory', 'late', 'never']) expect(await reference.record.has(name), name).toBe(false);
  expect(await dataOf(next.page, 'note')).toEqual({ ...expected, tags: ['a', 'b'] });
  expect(await storedBy(next)).toEqual([]);
  expect((await next.told()).errors.filter(({ topic }) => topic === 'RECORD')).toEqual([]);
});

for (const isOpened of [true, false]) {
  const title = isOpened ? 'opens the record' : 'does not open the record';
  test(`another client has written before the next page ${title}`, async ({ startPages }) => {
    const { network, openTab, reference } = await startPages();
    const theirs = { ...base, title: 'theirs', same: 'theirs' };
    const ours = { ...base, body: 'ours', same: 'ours' };
    const cases = {
      REMOTE_WINS: theirs,
      LOCAL_WINS: ours,
      THREE_WAY: { ...theirs, body: 'ours' },
      custom: { ...theirs, body: 'ours', same: 'theirs+ours' },
    };
    const chooseStrategies = ({ page }) =>
      page.evaluate(() => {
        const custom = (local, _localVersion, remote, _remoteVersion, done) =>
          done(null, { ...remote, body: local.body, same: `${remote.same}+${local.same}` });
        for (const which of ['REMOTE_WINS', 'LOCAL_WINS', 'THREE_WAY', 'custom']) {
          client.record.setMergeStrategyRegExp(new RegExp(`^record_${which}$`), MERGE_STRATEGIES[which] ?? custom);
        }
        globalThis.conflicts = [];
        client.on('recordConflict', (conflict) => conflicts.push(conflict));
      });
    const names = Object.keys(cases).map((which) => `record_${which}`);
    await Promise.all(names.map((name) => reference.record.setDataWithAck(name, base)));
    const killed = await openTab();
    await chooseStrategies(killed);
    await killed.login();
    for (const name of names) await open(killed.page, name);
    network.fail('refuse');
    await killed.comesTo('RECONNECTING');
    await killed.page.evaluate((all) => {
      for (const name of all) globalThis[name].setMulti({ body: 'ours', same: 'ours' });
    }, names);
    await crash(killed);
    await Promise.all(names.map((name) => reference.record.setDataWithAck(name, theirs)));

    const next = await openTab();
    await chooseStrategies(next);
    if (isOpened) for (const name of names) await open(next.page, name);
    await logsInLater(next);
    network.fail('none');
    await sendsEverything(next);
    for (const [which, expected] of Object.entries(cases)) {
      const name = `record_${which}`;
      expect(await reference.record.snapshot(name), which).toEqual(expected);
      if (isOpened) await eventually(() => dataOf(next.page, name), which).toEqual(expected);
    }
    const conflicts = await next.page.evaluate(() => conflicts);
    expect(conflicts).toContainEqual({ name: 'record_REMOTE_WINS', localValue: ours, remoteValue: theirs });
    expect(conflicts.map(({ name }) => name).sort()).toEqual(['LOCAL_WINS', 'REMOTE_WINS', 'THREE_WAY'].map((which) => `record_${which}`));
    expect((await next.told()).errors.filter(({ event }) => event === 'RECORD_WRITE_LOST')).toHaveLength(2);
    if (isOpened) {
      const events = (await heardOf(next.page, 'record_REMOTE_WINS')).events;
      expect(events).toContainEqual(['conflict', { localValue: ours, remoteValue: theirs }]);
    }
    expect(await storedBy(next)).toEqual([]);
  });
}

test('a tab that lives sends what a killed one has written, and both show it', async ({ startPages }) => {
  const { network, openTab, reference } = await startPages();
  const [killed, lives] = [await openTab(), await openTab()];
  for (const tab of [killed, lives]) {
    await tab.login();
    await open(tab.page, 'note');
  }
  network.fail('refuse');
  await killed.comesTo('RECONNECTING');
  await killed.page.evaluate(() => note.set('left', [1, 2]));
  await crash(killed);
  network.fail('none');
  await lives.comesTo('OPEN');
  await eventually(() => dataOf(lives.page, 'note')).toEqual({ left: [1, 2] });
  await sendsEverything(lives);
  expect(await reference.record.snapshot('note')).toEqual({ left: [1, 2] });
  expect(await storedBy(lives)).toEqual([]);
});
