// A client in a dedicated worker, where there is no window, no document, and no page to wake.
import { eventually, expect, test } from './support/network.mjs';

test('a client in a worker comes back by itself, and hears what it heard before', async ({ startDeepstream, startProxy, openPage, visit, site }) => {
  const server = await startDeepstream();
  const proxy = await startProxy(server);
  const page = await openPage(`${site.url}/empty.html`);
  await page.evaluate((url) => {
    globalThis.reports = [];
    const worker = new Worker('/worker.mjs', { type: 'module' });
    globalThis.worker = worker;
    worker.onmessage = ({ data }) => reports.push(data);
    worker.onerror = ({ message }) => reports.push({ error: message ?? 'did not load' });
    worker.postMessage(url);
  }, proxy.url);
  const reports = () => page.evaluate(() => reports);
  const reported = async (name) => (await reports()).filter((report) => name in report).map((report) => report[name]);
  const other = await visit(server);
  await other.login();
  await other.hear('from the worker');
  const greet = (greeting) => async () => {
    await other.emit('to the worker', greeting);
    return (await other.heard('from the worker')).map(({ heard }) => heard);
  };
  await eventually(greet('hello')).toContain('hello');

  for (const fault of ['reset', 'blackhole']) {
    const before = (await reported('state')).length;
    proxy.fail(fault);
    // Nobody tells it of the black hole but its own heartbeat.
    await eventually(async () => (await reported('state')).slice(before)).toContain('RECONNECTING');
    proxy.fail('none');
    await eventually(async () => (await reported('state')).slice(before)).toContain('OPEN');
    await eventually(greet(fault)).toContain(fault);
  }
  expect(await reported('error')).toEqual([]);
});
