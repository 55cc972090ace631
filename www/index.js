import 'deepstream-wasm/status';
import { CLIENTS } from './clients.js';
import { byRole, element, onPress, setAvailable } from './dom.js';
import { openLab } from './lab/lab.js';
import { faultLabel, faultTone, findNetwork, NetworkControl } from './network-control.js';
import { playOutage } from './outage.js';
import { OutboxView } from './outbox-view.js';
import { Robin } from './robin.js';
import { findServer, ServerControl } from './server-control.js';
import { Side } from './side.js';
import { makeTabs } from './tabs.js';
import { Timeline } from './timeline.js';
import { Witness } from './witness.js';

const DEFAULT_SERVER = 'localhost:6020';
const LINES = ['Tea at five?', 'Yes, at five.', 'Who brings milk?', 'I do.', 'And biscuits?', 'Robin does.', 'Until then.'];

/** A server named in the page's address is somebody else's: it is used, not controlled, and nobody there counts. */
const namedServer = new URLSearchParams(location.search).get('server');
const server = namedServer === null ? await findServer() : null;
const network = server === null ? null : await findNetwork();
const url = namedServer ?? server?.url ?? DEFAULT_SERVER;

const demo = { get lab() { return openLab(url); } };
/** For poking in the console; the page tells how. */
window.demo = demo;

if (network !== null) compare();
else for (const part of document.querySelectorAll('[data-controlled]')) part.remove();
for (const part of document.querySelectorAll('[data-static]')) part.hidden = network !== null;
makeTabs(byRole(document, 'tabs'), (id) => id === 'panel-lab' && openLab(url));
document.body.dataset.ready = 'true';

function compare() {
  const kept = JSON.parse(sessionStorage.getItem('demo') ?? 'null');
  // A room of its own, so that other windows do not disturb what is counted here.
  const room = kept?.room ?? crypto.randomUUID().slice(0, 4);
  const kinds = Object.keys(CLIENTS);
  const topicOf = (kind) => `demo/${room}/${kind}`;
  const robin = new Robin(server.directUrl, { username: `Robin ${room}`, topics: kinds.map(topicOf) });
  const timeline = new Timeline(document.getElementById('timeline'), ['theirs', 'between', 'ours']);
  const outbox = new OutboxView(byRole(document, 'waiting'));
  const banner = element('deepstream-status');
  /** What only one of the two has anything for. */
  const onClient = {
    ours: (client) => {
      outbox.watch(client);
      banner.client = client;
    },
  };

  const sides = kinds.map((kind) => {
    const root = document.getElementById(kind);
    root.append(document.getElementById('application').content.cloneNode(true));
    byRole(root, 'name').textContent = CLIENTS[kind].name;
    const side = new Side(root, {
      kind: CLIENTS[kind],
      url,
      topic: topicOf(kind),
      user: `${CLIENTS[kind].user} ${room}`,
      robin,
      logRoot: byRole(document, `log-${kind}`),
      onClient: onClient[kind],
      kept: kept?.[kind],
    });
    const key = (number) => `${kind} ${number}`;
    side.addEventListener('state', ({ detail: { tone, words } }) => timeline.state(kind, tone, words));
    side.addEventListener('sent', ({ detail: number }) => timeline.sent(key(number), kind));
    side.addEventListener('arrived', ({ detail: number }) => timeline.arrived(key(number), 'between'));
    side.addEventListener('lost', ({ detail: number }) => timeline.lost(key(number)));
    timeline.state(kind, side.status.tone, side.status.words);
    demo[kind] = side;
    return side;
  });

  const witness = new Witness(`demo/${room}/`, kept?.lastId);
  const sideOf = (name) => demo[name.split('/')[2]];
  witness.addEventListener('event', ({ detail: { name, data } }) => sideOf(name)?.arrive(data.number));
  robin.addEventListener('read', ({ detail: { topic, number } }) => sideOf(topic)?.read(number));
  witness.addEventListener('record', ({ detail: { name, data } }) => sideOf(name)?.learn(data));
  addEventListener('pagehide', () => {
    const [theirs, ours] = sides;
    sessionStorage.setItem('demo', JSON.stringify({ room, theirs, ours, lastId: witness.lastId }));
  });

  const ours = document.getElementById('ours');
  byRole(ours, 'truth').before(banner);
  // The banner is read out.
  byRole(ours, 'state').ariaLive = 'off';
  connectSwitches({ robin, sides, timeline });
}

function connectSwitches({ robin, sides, timeline }) {
  const serverControl = new ServerControl(document, server);
  const networkControl = new NetworkControl(document, network);
  const between = { server: server.running ? 'good' : 'bad', fault: network.fault };
  const showBetween = () => {
    if (between.server === 'good') timeline.state('between', faultTone(between.fault), faultLabel(between.fault));
    else timeline.state('between', between.server, 'No server');
  };
  showBetween();
  serverControl.addEventListener('status', ({ detail: tone }) => {
    between.server = tone;
    showBetween();
  });
  networkControl.addEventListener('status', ({ detail: fault }) => {
    between.fault = fault;
    showBetween();
  });

  const writes = byRole(document, 'writes');
  const robinIsHere = byRole(document, 'robin');
  const person = {
    come: () => (robinIsHere.checked = true) && robin.come(),
    go: () => (robinIsHere.checked = false) || robin.go(),
  };
  robinIsHere.addEventListener('change', () => (robinIsHere.checked ? robin.come() : robin.go()));

  let ticks = 0;
  setInterval(() => {
    if (!writes.checked) return;
    ticks += 1;
    for (const { application } of sides) {
      application.say(LINES[ticks % LINES.length]);
      if (ticks % 3 === 0 && !application.isBeingTypedTo) application.write(`Our plan, draft ${ticks / 3}`);
    }
    // Never in the same second: while the network works, nobody is to be in the way of anybody.
    if (ticks % 3 === 1 && robin.isHere) robin.write();
  }, 1000);

  const play = byRole(document, 'play');
  const story = byRole(document, 'story');
  // Whoever takes over by hand is told about that instead.
  byRole(document, 'switches').addEventListener('input', () => (story.textContent = ''));
  onPress(play, async () => {
    setAvailable(play, false);
    writes.checked = true;
    const before = sides.map(({ score }) => score.lost);
    await playOutage({ network: networkControl, robin: person, tell: (words) => (story.textContent = words) });
    const [theirs, ours] = sides.map(({ score }, index) => score.lost - before[index]);
    story.textContent = `Over. Lost on the left: ${theirs}. Lost on the right: ${ours}.`;
    setAvailable(play, true);
  });
}
