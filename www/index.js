import { ClientPanel } from './client-panel.js';
import { byRole } from './dom.js';
import { faultTone, findNetwork, NetworkControl } from './network-control.js';
import { findServer, ServerControl } from './server-control.js';
import { toneOf } from './states.js';
import { Timeline } from './timeline.js';
import { Traffic } from './traffic.js';

const DEFAULT_SERVER = 'localhost:6020';
/**
 * Shorter than the defaults, in milliseconds: whoever watches should not wait. index.html tells what
 * the heartbeat amounts to.
 */
const CLIENT_OPTIONS = {
  heartbeatInterval: 3000,
  connectTimeout: 5000,
  reconnectIntervalIncrement: 1000,
  maxReconnectInterval: 4000,
  lostConnectionTimeout: 2000,
};

function makePanel(name, surroundings) {
  const template = document.getElementById('client-panel');
  const root = template.content.firstElementChild.cloneNode(true);
  root.id = `client-${name.toLowerCase()}`;
  root.dataset.testid = root.id;
  root.setAttribute('aria-label', `Client ${name}`);
  byRole(root, 'badge').textContent = name;
  byRole(root, 'title').textContent = `Client ${name}`;
  byRole(root, 'message').value = `Hello from ${name}`;
  document.getElementById('clients').append(root);
  return new ClientPanel(root, { name, provides: name === 'B', ...surroundings });
}

/** A server named in the page's address is somebody else's: it is used, not controlled. */
const namedServer = new URLSearchParams(location.search).get('server');
const controlledServer = namedServer === null ? await findServer() : null;
const url = namedServer ?? controlledServer?.url ?? DEFAULT_SERVER;
byRole(document, 'server-url').textContent = url;
document.body.classList.toggle('without-server-control', controlledServer === null);

// Only the server of this page is dialled through the network of this page.
const network = controlledServer === null ? null : await findNetwork();
for (const part of document.querySelectorAll('[data-network]')) part.hidden = network === null;

const lanes = ['A', network && 'network', controlledServer && 'server', 'B'].filter(Boolean);
const timeline = new Timeline(document.getElementById('timeline'), lanes);

if (controlledServer !== null) {
  const control = new ServerControl(document.getElementById('server'), controlledServer);
  timeline.state('server', controlledServer.running ? 'good' : 'bad');
  control.addEventListener('status', ({ detail: tone }) => timeline.state('server', tone));
}
if (network !== null) {
  const control = new NetworkControl(document.getElementById('network'), network);
  timeline.state('network', faultTone(network.fault));
  control.addEventListener('status', ({ detail: tone }) => timeline.state('network', tone));
}

const traffic = new Traffic();
traffic.addEventListener('published', ({ detail }) => timeline.published(detail.event, detail.envelope));
traffic.addEventListener('delivered', ({ detail }) => {
  timeline.delivered(detail.event, detail.envelope, detail.receiver);
});

const panels = ['A', 'B'].map((name) => {
  const panel = makePanel(name, { url, options: CLIENT_OPTIONS, traffic });
  timeline.state(name, toneOf(panel.state));
  panel.addEventListener('state', ({ detail: state }) => timeline.state(name, toneOf(state)));
  return panel;
});

/** For poking in the console; the page's footer tells how. */
window.demo = { a: panels[0], b: panels[1] };
document.body.dataset.ready = 'true';
