// Events between pages of two browser contexts, through a real server.
import { exact, payloads } from './pages/payloads.mjs';
import { expect, test } from './support/test.mjs';

test('every kind of value arrives both ways', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream();
  const [ada, grace] = [await visit(server), await visit(server)];
  for (const visitor of [ada, grace]) await visitor.login();
  for (const [writer, reader] of [
    [ada, grace],
    [grace, ada],
  ]) {
    await reader.hear('values');
    await reader.isReachedBy(writer);
    await writer.page.evaluate(async () => {
      const module = await import('/payloads.mjs');
      for (const payload of module.payloads) client.event.emit('values', payload);
    });
    await expect.poll(async () => (await reader.heard('values')).length).toBeGreaterThanOrEqual(payloads.length);
    const arrived = await reader.page.evaluate(async () => {
      const module = await import('/payloads.mjs');
      return received.values.splice(0).map(module.exact);
    });
    expect(arrived).toEqual(payloads.map(exact));
    await reader.page.evaluate(() => client.event.unsubscribe('values'));
  }
  for (const visitor of [ada, grace]) expect((await visitor.told()).errors).toEqual([]);
});

test('whoever emits hears it at once, and only once', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream();
  const [ada, grace] = [await visit(server), await visit(server)];
  for (const visitor of [ada, grace]) await visitor.login();
  for (const visitor of [ada, grace]) await visitor.hear('news');
  await ada.isReachedBy(grace);
  await grace.isReachedBy(ada);
  const isSame = await ada.page.evaluate(() => {
    const payload = { text: 'It is raining.' };
    client.event.emit('news', payload);
    return received.news.length === 1 && received.news[0] === payload;
  });
  expect(isSame).toBe(true);
  await expect.poll(() => grace.heard('news')).toEqual([{ text: 'It is raining.' }]);
  await ada.isReachedBy(grace);
  expect(await ada.heard('news')).toEqual([{ text: 'It is raining.' }]);
});

test('what the server forbids is told, and nothing else changes', async ({ startDeepstream, visit }) => {
  const server = await startDeepstream({ permissions: { event: { 'secret/*': { subscribe: false, publish: false } } } });
  const [ada, grace] = [await visit(server), await visit(server)];
  for (const visitor of [ada, grace]) await visitor.login();
  await ada.hear('secret/plan');
  await expect.poll(async () => (await ada.told()).errors.map(({ event }) => event)).toEqual(['MESSAGE_DENIED']);
  await ada.emit('secret/plan', 'dig');
  await expect
    .poll(async () => (await ada.told()).errors.map(({ event, topic }) => `${topic} ${event}`))
    .toEqual(['EVENT MESSAGE_DENIED', 'EVENT MESSAGE_DENIED']);
  expect((await ada.told()).errors[0].message).toContain('secret/plan');
  await ada.isReachedBy(grace);
  expect(await ada.state()).toBe('OPEN');
});
