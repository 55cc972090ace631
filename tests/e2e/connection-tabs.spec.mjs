// Tabs as people use them: out of sight, frozen, without the focus. Their clients would notice a dead link after a minute.
import { becomesQuiet, comesToWait, eventually, expect, loseSilently, patient } from './support/network.mjs';
import { setFrozen, test } from './support/real-tabs.mjs';

const tabTest = test.extend({
  tab: async ({ startScripted, visitThroughProxy, openPage }, use) => {
    const server = await startScripted();
    const { visitor, proxy } = await visitThroughProxy(server, patient);
    const { page } = visitor;
    const isVisible = () => page.evaluate(() => document.visibilityState === 'visible');
    const hide = async () => {
      await openPage();
      await eventually(isVisible).toBe(false);
    };
    const comesBackOnce = async () => {
      await eventually(() => server.report().opened, 'connections').toBe(2);
      await visitor.comesTo('OPEN');
      expect((await visitor.told()).states.filter((state) => state === 'RECONNECTING')).toHaveLength(1);
    };
    await use({ server, visitor, proxy, page, hide, isVisible, comesBackOnce });
  },
});

tabTest('one that is seen again leaves a link that died meanwhile', async ({ tab: { visitor, proxy, page, hide, comesBackOnce } }) => {
  await hide();
  await becomesQuiet(visitor);
  loseSilently(proxy);
  await page.bringToFront();
  await comesBackOnce();
});

tabTest('one that is seen again keeps a link that lives', async ({ tab: { server, visitor, page, hide } }) => {
  await hide();
  await becomesQuiet(visitor);
  await page.bringToFront();
  // To be seen and to have the focus are two signs: what comes late is asked about once more.
  await eventually(() => server.report().received['CONNECTION/PING']).toBeGreaterThan(0);
  await becomesQuiet(visitor);
  expect(await visitor.state()).toBe('OPEN');
  expect(server.report().opened).toBe(1);
});

tabTest('one that is seen again does not go on waiting', async ({ tab: { visitor, proxy, page, hide } }) => {
  await hide();
  await comesToWait(visitor, proxy);
  proxy.fail('none');
  await page.bringToFront();
  await visitor.comesTo('OPEN');
});

tabTest('one that was frozen is back while nobody looks', async ({ tab: { visitor, proxy, page, hide, isVisible, comesBackOnce } }) => {
  await hide();
  await becomesQuiet(visitor);
  await setFrozen(page, true);
  loseSilently(proxy);
  await setFrozen(page, false);
  await comesBackOnce();
  expect(await isVisible()).toBe(false);
});

tabTest('one that was frozen does not go on waiting', async ({ tab: { visitor, proxy, page, hide, isVisible } }) => {
  await hide();
  await comesToWait(visitor, proxy);
  await setFrozen(page, true);
  proxy.fail('none');
  await setFrozen(page, false);
  await visitor.comesTo('OPEN');
  expect(await isVisible()).toBe(false);
});

tabTest('one that gets the focus leaves a link that died meanwhile', async ({ tab: { visitor, proxy, page, comesBackOnce } }) => {
  await page.evaluate(() => {
    const frame = document.body.appendChild(document.createElement('iframe'));
    frame.contentWindow.focus();
  });
  await becomesQuiet(visitor);
  loseSilently(proxy);
  await page.evaluate(() => focus());
  await comesBackOnce();
});
