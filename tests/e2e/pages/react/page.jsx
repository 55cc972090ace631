// Shows the application in a page: hydrates what a server has rendered, if there is any.
import { StrictMode } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';
import { DeepstreamClient, MERGE_STRATEGIES } from 'deepstream-wasm';
import { Application, renderings } from './application.jsx';

const container = document.getElementById('root');
const { url, mode, ...options } = JSON.parse(document.getElementById('settings').textContent);
globalThis.clients = [];
const connect = () => {
  const client = new DeepstreamClient(url, { subscriptionInterval: 0, mergeStrategy: MERGE_STRATEGIES.THREE_WAY, ...options });
  clients.push(client);
  client.on('error', (error, event, topic) => console.warn(topic, event, error.message));
  client.login({ username: 'ann', password: "ann's" }).catch(() => {});
  return client;
};
const application = (
  <StrictMode>
    <Application client={mode === 'given' ? connect() : connect} />
  </StrictMode>
);
const root = container.firstChild ? hydrateRoot(container, application) : createRoot(container);
if (!container.firstChild) root.render(application);
Object.assign(globalThis, { root, renderings });
