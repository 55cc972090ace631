// Many records on a real server, behind a network that can fail, for pages that ask for it over HTTP.
import deepstreamClient from '@deepstream/client';
import { startDeepstreamServer } from '../tests/harness/deepstream-server.mjs';
import { startTcpProxy } from '../tests/harness/tcp-proxy.mjs';
import { echoRequest } from './page/collection.js';
import { payload } from './page/payloads.js';

const path = '/collection';
const names = Array.from({ length: 5000 }, (_, index) => `quotes/${index}`);
const bytes = 1000;

/** Starts the server, and writes the records. */
export async function startCollection() {
  const server = await startDeepstreamServer();
  const proxy = await startTcpProxy({ target: server.port });
  const writer = new deepstreamClient.DeepstreamClient(server.url, { nativeTimerRegistry: true });
  await writer.login();
  let changes = 0;
  writer.event.subscribe(echoRequest, ({ answerTo, data }) => writer.event.emit(answerTo, data));

  /** What pages can ask for; they get what it resolves to. */
  const commands = {
    /** Has the network between pages and server fail in one of the ways that tcp-proxy.mjs has. */
    network: async ({ fault }) => proxy.fail(fault),

    /** Changes all records, as another client; what is at `t` in all of them then. */
    async change() {
      changes += 1;
      const text = `change ${changes}`;
      await writeAll((name, done) => writer.record.setData(name, 't', text, done));
      return { text };
    },

    /** What another client reads in the record. */
    read: async ({ name }) => ({ version: await writer.record.head(name), data: await writer.record.snapshot(name) }),
  };

  await writeAll((name, done) => writer.record.setData(name, payload(1000, bytes), done));
  return {
    plan: { url: proxy.url, names },

    /** Answers requests of pages; false for others. */
    handle(request, response) {
      if (request.url !== path) return false;
      let text = '';
      request.setEncoding('utf8');
      request.on('data', (chunk) => (text += chunk));
      request.on('end', async () => {
        const { command, ...parameters } = JSON.parse(text);
        response.end(JSON.stringify((await commands[command](parameters)) ?? null));
      });
      return true;
    },

    async stop() {
      writer.close();
      await proxy.stop();
      await server.stop();
    },
  };
}

function writeAll(write) {
  return Promise.all(
    names.map(
      (name) => new Promise((resolve, reject) => write(name, (error) => (error ? reject(new Error(error)) : resolve()))),
    ),
  );
}
