// Logs in and exchanges events in a worker; every message to it is a server's URL, every answer the client's report:
// the states it comes to, and what it hears.
import { DeepstreamClient } from '/pkg/index.mjs';

async function converse(url, report) {
  try {
    const client = new DeepstreamClient(url, {
      subscriptionInterval: 0,
      reconnectIntervalIncrement: 50,
      maxReconnectInterval: 200,
      heartbeatInterval: 500,
      connectTimeout: 3000,
    });
    client.on('connectionStateChanged', (state) => report({ state }));
    client.on('error', () => {}); // losing the connection is what some tests are about
    client.event.subscribe('to the worker', (data) => {
      client.event.emit('from the worker', { heard: data });
      report({ heard: data });
    });
    await client.login();
  } catch (error) {
    report({ error: String(error) });
  }
}

const listenTo = (port) => {
  port.onmessage = ({ data: url }) => converse(url, (message) => port.postMessage(message));
};

if (typeof SharedWorkerGlobalScope === 'undefined') listenTo(globalThis);
else globalThis.onconnect = ({ ports: [port] }) => listenTo(port);
