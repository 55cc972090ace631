import { byRole } from '../dom.js';
import { CONNECT_TIMEOUT, OPTIONS } from '../clients.js';
import { toneOf } from '../states.js';
import { makeTabs } from '../tabs.js';
import { Timeline } from '../timeline.js';
import { ClientPanel } from './client-panel.js';
import { messageKey, Traffic } from './traffic.js';

const PARTS = ['events', 'calls', 'note', 'people', 'outbox', 'log'];

let lab;

/** Two of our own clients with everything to watch and steer them, made when they are first asked for: `{ a, b }`. */
export function openLab(url) {
  lab ??= makeLab(url);
  return lab;
}

function makeLab(url) {
  const options = { ...OPTIONS, connectTimeout: CONNECT_TIMEOUT, lostConnectionTimeout: 2000 };
  const timeline = new Timeline(document.getElementById('lab-timeline'), ['client-a', 'client-b']);
  const laneOf = (name) => `client-${name.toLowerCase()}`;
  const traffic = new Traffic();
  const key = ({ event, envelope: { sender, sequence } }) => messageKey(event, sender, sequence);
  traffic.addEventListener('published', ({ detail }) => timeline.sent(key(detail), laneOf(detail.envelope.name)));
  traffic.addEventListener('delivered', ({ detail }) => timeline.arrived(key(detail), laneOf(detail.receiver)));
  const [a, b] = ['A', 'B'].map((name) => {
    const panel = makePanel(name, { url, options, traffic });
    timeline.state(laneOf(name), toneOf(panel.state), panel.state);
    panel.addEventListener('state', ({ detail: state }) => timeline.state(laneOf(name), toneOf(state), state));
    return panel;
  });
  makeTabs(byRole(document, 'lab-tabs'));
  return { a, b };
}

function makePanel(name, surroundings) {
  const template = document.getElementById('client-panel');
  const root = template.content.firstElementChild.cloneNode(true);
  root.id = `client-${name.toLowerCase()}`;
  root.dataset.testid = root.id;
  root.setAttribute('aria-label', `Client ${name}`);
  for (const part of PARTS) byRole(root, `part-${part}`).id = `lab-${part}-${name.toLowerCase()}`;
  byRole(root, 'badge').textContent = name;
  byRole(root, 'title').textContent = `Client ${name}`;
  byRole(root, 'message').value = `Hello from ${name}`;
  document.getElementById('clients').append(root);
  return new ClientPanel(root, { name, provides: name === 'B', ...surroundings });
}
