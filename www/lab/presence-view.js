import { asText, byRole, clockTime, element, keepNewest } from '../dom.js';

const MOST_CHANGES = 20;

/** Who is logged in, as one client sees it, and who came and went while it watched. */
export class PresenceView {
  #users;
  #label;
  #changes;
  #report;
  #client;
  #online = new Set();

  /** @param report called with words about what did not work */
  constructor(root, report) {
    this.#users = byRole(root, 'users');
    this.#label = byRole(root, 'users-label');
    this.#changes = byRole(root, 'presence-changes');
    this.#report = report;
  }

  /** Shows what this client sees, in place of any other; nothing without a client. */
  watch(client) {
    this.#client = client;
    this.#changes.replaceChildren();
    this.#show(new Set());
    if (client === undefined) return;
    client.on('connectionStateChanged', () => client === this.#client && this.#show(this.#online));
    client.presence.subscribe((user, online) => {
      if (client === this.#client) this.#change(user, online);
    });
    this.ask();
  }

  /** Asks who is there; the answer also leaves out who this client itself has become. */
  async ask() {
    const client = this.#client;
    try {
      const users = await client.presence.getAll();
      if (client === this.#client) this.#show(new Set(users));
    } catch (error) {
      if (client === this.#client) this.#report(`getAll() did not succeed: ${asText(error)}`);
    }
  }

  #change(user, online) {
    if (online) this.#online.add(user);
    else this.#online.delete(user);
    this.#show(this.#online);
    const words = online ? 'is here' : 'has left';
    this.#changes.prepend(
      element(
        'li',
        { 'data-user': user, 'data-online': String(online) },
        element('time', {}, clockTime()),
        element('span', { class: 'message' }, element('b', {}, user), ` ${words}`),
      ),
    );
    keepNewest(this.#changes, MOST_CHANGES);
  }

  #show(online) {
    this.#online = online;
    const isConnected = this.#client?.getConnectionState() === 'OPEN';
    this.#users.toggleAttribute('data-stale', !isConnected);
    this.#label.textContent = isConnected ? 'Others here' : 'Others who were here';
    const names = [...online].sort((one, other) => one.localeCompare(other));
    this.#users.replaceChildren(...names.map((user) => element('li', { 'data-user': user }, user)));
  }
}
