// What a page of the tests has beside the package: one client, and what it has heard.
import { DeepstreamClient } from '/pkg/index.mjs';

globalThis.heard = [];
globalThis.errors = [];
globalThis.shown = [];
addEventListener('pageshow', ({ persisted }) => shown.push(persisted));

/** Makes the client of the page; resolves when it is logged in. What is subscribed to goes out at once, so a receipt comes after it. */
globalThis.join = async (url, username, options) => {
  globalThis.client = new DeepstreamClient(url, { outbox: { key: 'engines' }, subscriptionInterval: 0, ...options });
  client.on('error', (error) => errors.push(`${error.code}: ${error.message}`));
  await client.login({ username, password: username });
};

globalThis.hear = (name) => {
  client.event.subscribe(name, (data) => heard.push(data));
};

/** Is awaited before a page is used. */
globalThis.loaded = true;
