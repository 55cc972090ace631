// What a program does with three entries of the package where there is no page, against the server whose URL it is
// given. It ends by itself.
import * as whole from 'deepstream-wasm';
import * as core from 'deepstream-wasm/core';
import * as separate from 'deepstream-wasm/url';

const [, , url] = process.argv;
// Node.js has one from 22 on.
globalThis.WebSocket ??= (await import('ws')).WebSocket;

async function converse({ DeepstreamClient }, name, alsoWith = async () => {}) {
  const client = new DeepstreamClient(url, { subscriptionInterval: 0 });
  const errors = [];
  client.on('error', ({ code, message }) => errors.push(`${code}: ${message}`));
  await client.login({ username: 'ada' });
  const heard = new Promise((resolve) => client.event.subscribe(name, resolve));
  client.rpc.provide(`add-${name}`, ({ a, b }) => a + b);
  const receipt = await client.event.emit(name, 'Grüße, 世界 🎈', { receipt: true });
  const outcome = { receipt, heard: await heard, sum: await client.rpc.make(`add-${name}`, { a: 1, b: 2 }) };
  Object.assign(outcome, await alsoWith(client), { errors: [...errors] });
  client.close();
  return outcome;
}

async function shareNote(client) {
  const note = await client.record.getRecord('note').whenReady();
  await note.setWithAck({ title: 'Shopping', items: ['bread'] });
  const snapshot = await client.record.snapshot('note');
  return { note: note.get('items[0]'), snapshot };
}

await separate.init();
const outcomes = {
  whole: await converse(whole, 'news', shareNote),
  core: await converse(core, 'core-news'),
  separate: await converse(separate, 'separate-news', shareNote),
};
console.log(JSON.stringify(outcomes));
