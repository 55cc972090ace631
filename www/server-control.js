import { byRole, onPress, setAvailable } from './dom.js';
import { command, readStatus } from './own-origin.js';

const POLL_MILLISECONDS = 1000;

/**
 * Asks the page's own origin for `{ running, url, directUrl }` of the deepstream server beside it: `url` leads through
 * the network that can fail, `directUrl` past it.
 * @returns the answer, or null where nothing there controls a server
 */
export async function findServer() {
  const { running, url, directUrl } = (await readStatus('/server')) ?? {};
  return typeof running === 'boolean' && typeof url === 'string' ? { running, url, directUrl } : null;
}

/**
 * The server's status with the buttons that kill and restart it. Dispatches `status` with the tone
 * of the new status as detail: 'good', 'busy' or 'bad'.
 */
export class ServerControl extends EventTarget {
  #status;
  #kill;
  #restart;
  #problem;
  #busy = false;
  #running = null;

  constructor(root, { running }) {
    super();
    this.#status = byRole(root, 'server-status');
    this.#kill = byRole(root, 'server-kill');
    this.#restart = byRole(root, 'server-restart');
    this.#problem = byRole(root, 'server-problem');
    onPress(this.#kill, () => this.kill());
    onPress(this.#restart, () => (this.#running ? this.restart() : this.start()));
    this.#show(running ? 'running' : 'stopped');
    setInterval(() => this.#poll(), POLL_MILLISECONDS);
  }

  kill() {
    return this.#command('kill', 'stopping');
  }

  start() {
    return this.#command('start', 'starting');
  }

  restart() {
    return this.#command('restart', 'restarting');
  }

  async #command(name, doing) {
    if (this.#busy) return;
    this.#busy = true;
    this.#show(doing);
    let problem = '';
    try {
      await command(`/server/${name}`);
    } catch (error) {
      problem = `${name} failed: ${error.message}`;
    }
    this.#problem.textContent = problem;
    const found = await findServer();
    this.#busy = false;
    this.#showFound(found);
  }

  /** Somebody else may stop the server too: another window, a terminal. */
  async #poll() {
    if (this.#busy || document.hidden) return;
    const found = await findServer();
    if (!this.#busy) this.#showFound(found);
  }

  #showFound(found) {
    if (found === null) this.#show('out of reach');
    else this.#show(found.running ? 'running' : 'stopped');
  }

  #show(status) {
    if (this.#status.textContent === status) return;
    const tone = { running: 'good', stopped: 'bad' }[status] ?? 'busy';
    this.#running = status === 'running';
    this.#status.textContent = status;
    this.#status.dataset.tone = tone;
    this.#restart.textContent = status === 'stopped' ? 'Start' : 'Restart';
    setAvailable(this.#kill, this.#running);
    setAvailable(this.#restart, this.#running || status === 'stopped');
    this.dispatchEvent(new CustomEvent('status', { detail: tone }));
  }
}
