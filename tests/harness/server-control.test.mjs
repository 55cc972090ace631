import assert from 'node:assert/strict';
import { request } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { controlServer, controlWitness } from '../../scripts/lib/server-control.mjs';
import { startStaticServer } from './static-server.mjs';

let directory;
let page;
let calls;

/** Stands in for a deepstream server and notes what is asked of it. */
function fakeDeepstream() {
  let running = true;
  const set = (name, now) => async () => {
    calls.push(name);
    running = now;
  };
  return {
    url: 'ws://127.0.0.1:6020/deepstream',
    isRunning: () => running,
    kill: set('kill', false),
    start: set('start', true),
    restart: async () => {
      throw new Error('no way');
    },
  };
}

beforeEach(async () => {
  calls = [];
  directory = await mkdtemp(join(tmpdir(), 'server-control-'));
  page = await startStaticServer({ directories: { '/': directory }, handle: controlServer(fakeDeepstream()) });
});

afterEach(async () => {
  await page.stop();
  await rm(directory, { recursive: true });
});

/** fetch() would not let a test choose the Host header. */
function ask(method, path, headers = {}) {
  return new Promise((resolve, reject) => {
    request(page.url + path, { method, headers }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode, body: text });
    })
      .on('error', reject)
      .end();
  });
}

test('tells the page about the server, and obeys it', async () => {
  const url = 'ws://127.0.0.1:6020/deepstream';
  const headers = { Origin: page.url };
  const askOwn = async (method, path) => JSON.parse((await ask(method, path, headers)).body);
  assert.deepEqual(await askOwn('GET', '/server'), { running: true, url, directUrl: url });
  assert.deepEqual(await askOwn('POST', '/server/kill'), { running: false, url, directUrl: url });
  assert.deepEqual(await askOwn('POST', '/server/start'), { running: true, url, directUrl: url });
  assert.deepEqual(calls, ['kill', 'start']);
});

test('says why a command failed', async () => {
  const { status, body } = await ask('POST', '/server/restart');
  assert.equal(status, 500);
  assert.match(body, /no way/);
});

test('refuses other sites', async () => {
  const port = new URL(page.url).port;
  for (const headers of [
    { Origin: 'http://elsewhere.test' },
    { Origin: `http://elsewhere.test:${port}` },
    { Origin: 'null' },
    { Host: `elsewhere.test:${port}` },
    { Host: `elsewhere.test:${port}`, Origin: `http://elsewhere.test:${port}` },
  ]) {
    assert.equal((await ask('POST', '/server/kill', headers)).status, 403, JSON.stringify(headers));
    assert.equal((await ask('GET', '/server', headers)).status, 403, JSON.stringify(headers));
  }
  assert.deepEqual(calls, []);
});

test('does nothing that it was not asked for properly', async () => {
  assert.equal((await ask('GET', '/server/kill')).status, 405);
  assert.equal((await ask('POST', '/server/toString')).status, 404);
  assert.equal((await ask('POST', '/server')).status, 404);
  assert.equal((await ask('GET', '/elsewhere')).status, 404);
  assert.deepEqual(calls, []);
});

test('tells pages what the server takes in, also what they missed', async () => {
  const witness = controlWitness();
  const site = await startStaticServer({ directories: { '/': directory }, handle: witness.handle });
  witness.onTaken({ event: 'demo/one/chat', text: '{"number":1}' });
  witness.onTaken({ event: 'other/chat', text: '2' });
  const listen = async (headers = {}) => {
    const response = await fetch(`${site.url}/witness?prefix=demo/`, { headers });
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
    let text = '';
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    return {
      /** Ids and data, once there are that many. */
      async told(count) {
        for (;;) {
          const lines = [...text.matchAll(/^id: (\d+)\ndata: (.*)$/gm)];
          const found = lines.map(([, id, data]) => ({ id, ...JSON.parse(data) }));
          if (found.length >= count) return found;
          text += (await reader.read()).value;
        }
      },
      leave: () => reader.cancel(),
    };
  };
  const first = await listen();
  witness.onTaken({ record: 'demo/one/note', text: '{"you":{}}' });
  const told = await first.told(2);
  assert.deepEqual(
    told.map(({ id, ...what }) => what),
    [
      { event: 'demo/one/chat', data: { number: 1 } },
      { record: 'demo/one/note', data: { you: {} } },
    ],
  );
  await first.leave();
  const second = await listen({ 'last-event-id': told[0].id });
  assert.deepEqual(await second.told(1), [told[1]]);
  await second.leave();
  await site.stop();
});
