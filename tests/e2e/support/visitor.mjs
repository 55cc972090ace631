import { expect } from '@playwright/test';

/** Options that make tests fast: nothing is collected, and attempts follow each other closely. */
const fast = { subscriptionInterval: 0, reconnectIntervalIncrement: 50, maxReconnectInterval: 200 };

/** Somebody who has opened a page with a client; see pages/visitor.mjs. */
export class Visitor {
  constructor(page) {
    this.page = page;
  }

  connect(server, options) {
    return this.page.evaluate(([url, all]) => visit(url, all), [server.url, { ...fast, ...options }]);
  }

  /** Logs in, and gives `{ data }` or `{ error }`. */
  login(params) {
    return this.page.evaluate((given) => login(given), params);
  }

  state() {
    return this.page.evaluate(() => client.getConnectionState());
  }

  async comesTo(state) {
    await expect.poll(() => this.state(), `the state of the client`).toBe(state);
  }

  /** What the client has told: `{ states, errors, clientData, reauthenticationFailures }`. */
  told() {
    return this.page.evaluate(() => told);
  }

  hear(name) {
    return this.page.evaluate((event) => hear(event), name);
  }

  /** The data of the events of this name so far. */
  heard(name) {
    return this.page.evaluate((event) => received[event], name);
  }

  emit(name, data) {
    return this.page.evaluate(([event, payload]) => client.event.emit(event, payload), [name, data]);
  }

  /** Waits until the server delivers to this client, by asking another one to knock. */
  async isReachedBy(other) {
    const name = `knocking ${Math.random()}`;
    // A server takes the messages of a connection in order: once it knows this subscription, it knows all before.
    await this.hear(name);
    const knock = async () => {
      await other.emit(name);
      return (await this.heard(name)).length;
    };
    await expect.poll(knock, 'knocks that were heard').toBeGreaterThan(0);
  }
}
