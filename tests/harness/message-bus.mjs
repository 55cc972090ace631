// What makes deepstream servers one cluster: a clusterNode plugin of deepstream's, and the hub that its instances talk to.
//
// It takes the place of deepstream's Redis plugin, because a Redis server is nothing that `npm install` brings. It uses
// the channel that every child process has to its parent anyway, so there is no port, no protocol and no further
// process. deepstream's own bus between processes (`vertical`) does not do: it hands what is meant for one server to
// all of them, so that each would carry out the same RPC.
//
// Like Redis, the hub only passes messages on. Who is in the cluster, what its members know of each other and when a
// dead one is given up is the servers' business, done by deepstream's own code.
import { EventEmitter, once } from 'node:events';

/** Milliseconds that a cluster has to agree on who belongs to it, beside the time for giving up the dead. */
const patience = 20_000;

/** The hub, in the parent process of all servers. */
export class MessageBus {
  #members = new Map();
  #changes = new EventEmitter();
  #agreementDeadline;

  /** @param {{ keepAliveInterval: number, deathTimeout: number }} options see startCluster */
  constructor({ keepAliveInterval, deathTimeout }) {
    this.#agreementDeadline = deathTimeout + patience;
    /** The servers' share: how they watch each other. */
    this.configuration = {
      clusterRegistry: {
        type: 'default',
        options: {
          keepAliveInterval,
          activeCheckInterval: Math.min(keepAliveInterval, deathTimeout / 10),
          nodeInactiveTimeout: deathTimeout,
        },
      },
    };
  }

  /** Takes a server's process in; `closed` settles when it has ended. */
  connect = (channel, closed) => {
    const member = { name: undefined, knows: [] };
    this.#members.set(channel, member);
    channel.onMessage((message) => {
      if (message.knows) {
        Object.assign(member, message);
        this.#changes.emit('change');
      } else {
        for (const other of this.#members.keys()) if (other !== channel) other.send(message);
      }
    });
    closed.then(() => {
      this.#members.delete(channel);
      this.#changes.emit('change');
    });
  };

  /** Resolves once every server that runs knows all that run, and has given up those that do not. */
  async agreed() {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), this.#agreementDeadline);
    try {
      while (!this.#isAgreed()) await once(this.#changes, 'change', deadline);
    } catch (cause) {
      const views = [...this.#members.values()].map(({ name, knows }) => `${name} knows ${knows.join(', ')}`);
      throw new Error(`The servers do not agree on who is in the cluster: ${views.join('; ')}.`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  #isAgreed() {
    const members = [...this.#members.values()];
    const sameAs = (names) => names.length === members.length && members.every(({ name }) => names.includes(name));
    return members.every(({ knows }) => sameAs(knows));
  }
}

/** Connects a server that has not started yet with the hub in its parent process. */
export function joinCluster(server, hub) {
  const { serverName } = server.getConfig();
  const { clusterRegistry } = server.getServices();
  server.set('clusterNode', new MessageBusNode(serverName, hub));
  const tellWhoIsKnown = () => hub.send({ name: serverName, knows: clusterRegistry.getAll() });
  clusterRegistry.onServerAdded(tellWhoIsKnown);
  clusterRegistry.onServerRemoved(tellWhoIsKnown);
}

/** deepstream's DeepstreamClusterNode. */
class MessageBusNode {
  description = 'Message bus of the test harness';
  #subscribers = new EventEmitter().setMaxListeners(0);

  constructor(serverName, hub) {
    this.serverName = serverName;
    this.hub = hub;
    hub.onMessage(({ message, fromServer, toServer }) => {
      if (toServer === undefined || toServer === serverName) {
        this.#subscribers.emit(message.topic, message, fromServer);
      }
    });
  }

  async whenReady() {}

  send(message) {
    this.hub.send({ message, fromServer: this.serverName });
  }

  sendDirect(toServer, message) {
    this.hub.send({ message, fromServer: this.serverName, toServer });
  }

  subscribe(topic, callback) {
    this.#subscribers.on(topic, callback);
  }

  async close() {
    this.#subscribers.removeAllListeners();
  }
}
