import { byRole, element } from './dom.js';
import { command, readStatus } from './own-origin.js';

const POLL_MILLISECONDS = 1000;
/** Arrow keys pass over what is between two switches; what they rest on counts. */
const REST_MILLISECONDS = 250;

/** The faults by their names in the harness; `tone` as in states.js. */
const FAULTS = {
  none: { label: 'Works', tone: 'good', explanation: 'Everything passes. Play an outage, or break it yourself.' },
  refuse: { label: 'Refuse', tone: 'bad', explanation: 'Connections are closed, new ones as soon as they come.' },
  reset: { label: 'Reset', tone: 'bad', explanation: 'As Refuse, but torn down without a goodbye.' },
  blackhole: {
    label: 'Black hole',
    tone: 'bad',
    explanation: 'Nothing passes or closes. Noticed in some 10 s; after it, a hung attempt times out first (5 s).',
  },
  delay: {
    label: 'Delay',
    tone: 'busy',
    explanation: 'Everything passes half a second later.',
  },
};

/** The colour of a network that fails in this way: 'good', 'busy' or 'bad'. */
export function faultTone(name) {
  return FAULTS[name]?.tone ?? 'bad';
}

/** What a network that fails in this way is called. */
export function faultLabel(name) {
  return FAULTS[name]?.label ?? name;
}

/**
 * Asks the page's own origin for `{ fault, faults }` of the network between it and the server.
 * @returns the answer, or null where nothing there controls a network
 */
export async function findNetwork() {
  const { fault, faults } = (await readStatus('/network')) ?? {};
  return typeof fault === 'string' && Array.isArray(faults) ? { fault, faults } : null;
}

/**
 * Switches that make the network between the page and the server fail. Dispatches `status` with the
 * name of the fault in force as detail.
 */
export class NetworkControl extends EventTarget {
  #problem;
  #radios = new Map();
  #explanations = new Map();
  #shown;
  #wanted;
  #busy = false;
  #resting;

  constructor(root, { fault, faults }) {
    super();
    this.#problem = byRole(root, 'network-problem');
    for (const name of faults) this.#addSwitch(root, name);
    this.#show(fault);
    setInterval(() => this.#poll(), POLL_MILLISECONDS);
  }

  /** Makes the network fail in this way; of several asked for in a row, the last one counts. */
  async fail(name) {
    this.#wanted = name;
    if (this.#busy) return;
    this.#busy = true;
    let doing, problem, found;
    while (doing !== this.#wanted) {
      doing = this.#wanted;
      this.#show(doing);
      problem = '';
      try {
        await command(`/network/${doing}`);
      } catch (error) {
        problem = `${doing} failed: ${error.message}`;
      }
      found = await findNetwork();
    }
    this.#busy = false;
    this.#problem.textContent = problem;
    this.#show(found?.fault);
  }

  #addSwitch(root, name) {
    const { label = name, explanation = '' } = FAULTS[name] ?? {};
    const explanationId = `network-${name}-explanation`;
    const radio = element('input', {
      type: 'radio',
      name: 'network',
      value: name,
      'data-testid': `network-${name}`,
      'aria-describedby': explanationId,
    });
    radio.addEventListener('change', () => {
      clearTimeout(this.#resting);
      this.#resting = setTimeout(() => this.fail(name), REST_MILLISECONDS);
    });
    byRole(root, 'network-faults').append(
      element('label', { 'data-tone': faultTone(name) }, radio, element('span', {}, label)),
    );
    const line = element('span', { id: explanationId }, explanation);
    byRole(root, 'network-explanations').append(line);
    this.#radios.set(name, radio);
    this.#explanations.set(name, line);
  }

  /** Somebody else may switch it too: another window, a terminal. */
  async #poll() {
    if (this.#busy || document.hidden) return;
    const found = await findNetwork();
    if (!this.#busy) this.#show(found?.fault);
  }

  #show(fault) {
    if (fault === this.#shown || !this.#radios.has(fault)) return;
    this.#shown = fault;
    this.#radios.get(fault).checked = true;
    for (const [name, explanation] of this.#explanations) explanation.toggleAttribute('data-current', name === fault);
    this.dispatchEvent(new CustomEvent('status', { detail: fault }));
  }
}
