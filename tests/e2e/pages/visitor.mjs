// What support/visitor.mjs steers: one client, and everything it tells.
import { DeepstreamClient } from '/pkg/index.mjs';

globalThis.visit = (url, options) => {
  const client = new DeepstreamClient(url, options);
  const told = { states: [], errors: [], clientData: [], reauthenticationFailures: [] };
  const received = {};
  client.on('connectionStateChanged', (state) => told.states.push(state));
  client.on('error', ({ message }, event, topic) => told.errors.push({ message, event, topic }));
  client.on('clientDataChanged', (data) => told.clientData.push(data));
  client.on('reauthenticationFailure', (failure) => told.reauthenticationFailures.push(failure));
  Object.assign(globalThis, { client, told, received });
};

globalThis.hear = (name) => {
  received[name] ??= [];
  client.event.subscribe(name, (data) => received[name].push(data));
};

globalThis.login = (params) =>
  client.login(params).then(
    (data) => ({ data }),
    ({ name, code, message, reason }) => ({ error: { name, code, message, reason } }),
  );
