// <deepstream-status> in a page whose network fails, under a Content-Security-Policy that allows no style but its own.
import { inRoot } from '../../scripts/lib/paths.mjs';
import { eventually, expect, test } from './support/network.mjs';

test.use({
  site: async ({ startSite }, use) =>
    use(
      await startSite({
        directories: { '/': inRoot('tests/e2e/pages'), '/pkg': inRoot('pkg') },
        headers: { 'Content-Security-Policy': "script-src 'self' 'wasm-unsafe-eval'; style-src 'self'" },
      }),
    ),
});

/** Logs in, and adds the banner. */
async function showStatus({ page }, attributes = { delay: '0' }) {
  await page.evaluate(async (given) => {
    globalThis.banner = document.createElement('deepstream-status');
    for (const [name, value] of Object.entries(given)) banner.setAttribute(name, value);
    document.body.append(banner);
    // Also what is set before the element is known counts.
    banner.client = client;
    await import('/pkg/status.mjs');
  }, attributes);
  const part = (name) => page.locator(`deepstream-status [part=${name}]`);
  return {
    banner: part('banner'),
    text: part('text'),
    waiting: part('waiting'),
    retry: page.getByRole('button', { name: 'Try now' }),
    readOut: page.locator('deepstream-status').getByRole('status'),
  };
}

/** What an element says from now on, one after the other. */
const sentencesOf = (locator) =>
  locator.evaluateHandle((element) => {
    const sentences = [];
    new MutationObserver(() => sentences.push(element.textContent)).observe(element, { childList: true });
    return sentences;
  });

const slowly = { reconnectIntervalIncrement: 3_000, maxReconnectInterval: 3_000, reconnectJitter: 0 };

test('it says when the next attempt is, what waits, and that all is well again', async ({ startDeepstream, visitThroughProxy }) => {
  const { visitor, proxy } = await visitThroughProxy(await startDeepstream(), slowly);
  const { banner, text, waiting, retry, readOut } = await showStatus(visitor);
  await expect(banner).toBeHidden();
  await expect(readOut).toHaveText('');

  proxy.fail('refuse');
  await expect(text).toHaveText(/^Reconnecting in [1-3] s$/);
  await expect(readOut).toHaveText('Reconnecting…');
  await expect(waiting).toBeHidden();
  await visitor.emit('news', 1);
  await expect(waiting).toHaveText('1 change waiting');
  await visitor.emit('news', 2);
  await expect(waiting).toHaveText('2 changes waiting');
  await eventually(() => visitor.page.evaluate(() => banner.getAttribute('state'))).toBe('reconnecting');

  const [seen, heard] = [await sentencesOf(text), await sentencesOf(readOut)];
  proxy.fail('none');
  await retry.click();
  await expect(banner).toBeHidden();
  for (const sentences of [seen, heard]) expect((await sentences.jsonValue()).slice(-2)).toEqual(['Back online', '']);
});

test('what is written once all is well does not keep it in sight', async ({ startDeepstream, visitThroughProxy }) => {
  const { visitor, proxy } = await visitThroughProxy(await startDeepstream(), slowly);
  const { banner, waiting, readOut } = await showStatus(visitor);
  proxy.fail('refuse');
  await visitor.emit('news', 1);
  await expect(waiting).toHaveText('1 change waiting');
  const heard = await sentencesOf(readOut);
  await visitor.page.evaluate(() => setInterval(() => client.event.emit('news', 'more'), 50));
  proxy.fail('none');
  await expect(banner).toBeHidden();
  const sentences = await heard.jsonValue();
  expect(sentences.slice(sentences.indexOf('Back online'))).toEqual(['Back online', '']);
});

test('it says offline without a network, and when nobody tries again', async ({ startDeepstream, visitThroughProxy }) => {
  const { visitor, proxy } = await visitThroughProxy(await startDeepstream(), slowly);
  const { text, waiting, retry, readOut } = await showStatus(visitor);
  await visitor.page.evaluate(() => (banner.texts = { offline: 'Ohne Netz', waiting: (count) => `${count} warten` }));
  proxy.fail('refuse');
  await visitor.page.context().setOffline(true);
  await expect(text).toHaveText('Ohne Netz');
  await visitor.emit('news', 1);
  await expect(waiting).toHaveText('1 warten');
  await visitor.page.context().setOffline(false);
  await expect(text).toHaveText(/^Reconnecting/);
  await visitor.page.evaluate(() => client.pause());
  await expect(text).toHaveText('Ohne Netz');
  await expect(readOut).toHaveText('Ohne Netz. 1 warten');
  await expect(retry).toBeHidden();
});

test('a loss that is over before the delay is not shown', async ({ startDeepstream, visitThroughProxy }) => {
  const { visitor, proxy } = await visitThroughProxy(await startDeepstream());
  await showStatus(visitor, { delay: '60000' });
  await visitor.page.evaluate(() => {
    globalThis.shown = [];
    new MutationObserver(() => shown.push(banner.getAttribute('state'))).observe(banner, { attributes: true });
  });
  proxy.fail('refuse');
  await visitor.comesTo('RECONNECTING');
  proxy.fail('none');
  await visitor.comesTo('OPEN');
  expect(await visitor.page.evaluate(() => shown)).toEqual([]);
});

test('it follows the colours and the motion that the visitor wants', async ({ startDeepstream, visitThroughProxy }) => {
  const { visitor, proxy } = await visitThroughProxy(await startDeepstream(), slowly);
  const { page } = visitor;
  const { banner } = await showStatus(visitor);
  proxy.fail('refuse');
  await expect(banner).toBeVisible();
  const style = (part) =>
    page.evaluate((name) => {
      const { color, backgroundColor, animationName } = getComputedStyle(banner.shadowRoot.querySelector(`[part=${name}]`));
      return { color, backgroundColor, animationName };
    }, part);
  const light = await style('banner');
  expect((await style('dot')).animationName).toBe('pulse');
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  const dark = await style('banner');
  expect(dark.backgroundColor).not.toBe(light.backgroundColor);
  expect(dark.color).not.toBe(light.color);
  expect([dark.animationName, (await style('dot')).animationName]).toEqual(['none', 'none']);
  await page.evaluate(() => banner.style.setProperty('--deepstream-status-background', 'rgb(1, 2, 3)'));
  expect((await style('banner')).backgroundColor).toBe('rgb(1, 2, 3)');
});

test('out of the page it listens to nothing, and in it again it does', async ({ startDeepstream, visitThroughProxy }) => {
  const { visitor, proxy } = await visitThroughProxy(await startDeepstream(), slowly);
  const { text, readOut } = await showStatus(visitor);
  const listens = () => visitor.page.evaluate(() => client.hasListeners('connectionChanged'));
  expect(await listens()).toBe(true);
  await visitor.page.evaluate(() => banner.remove());
  expect(await listens()).toBe(false);
  proxy.fail('refuse');
  await visitor.comesTo('RECONNECTING');
  await visitor.emit('news', 1);
  await visitor.page.evaluate(() => document.body.append(banner));
  await expect(text).toHaveText(/^Reconnecting/);
  await expect(readOut).toHaveText('Reconnecting… 1 change waiting');
  await visitor.page.evaluate(() => (banner.client = null));
  await expect(text).toBeHidden();
  expect(await listens()).toBe(false);
});
