// Several real deepstream servers that form one cluster, each in a process of its own.
import { startDeepstreamServer } from './deepstream-server.mjs';
import { MessageBus } from './message-bus.mjs';

/**
 * Starts the servers, and resolves once they know each other. Each is what startDeepstreamServer() returns: kill,
 * start, restart and stop them one by one, or all of them at once with the cluster's methods.
 *
 * A server that comes back is a new member with a name of its own, as it is outside of tests. Wait for
 * {@link agreed} where a test needs the others to know it, or to have forgotten a dead one: until then its
 * subscriptions, providers and users still count.
 *
 * @param {object} [options] those of startDeepstreamServer, except `port`, for each of the servers, and:
 * @param {number} [options.size] how many servers
 * @param {number} [options.keepAliveInterval] milliseconds between a server's signs of life: a server that starts knows
 *   nothing of the others, nor of their clients, until it has heard of them (deepstream's default: 5000)
 * @param {number} [options.deathTimeout] milliseconds of silence after which the others give a server up
 *   (deepstream's default: 6000)
 */
export async function startCluster({ size = 3, keepAliveInterval = 200, deathTimeout = 2_000, ...options } = {}) {
  const bus = new MessageBus({ keepAliveInterval, deathTimeout });
  const servers = await Promise.all(Array.from({ length: size }, () => startDeepstreamServer({ ...options, bus })));
  const all = (step) => async () => void (await Promise.all(servers.map((server) => server[step]())));
  await bus.agreed();
  return {
    servers,
    /** The servers' URLs, in their order. */
    urls: servers.map(({ url }) => url),
    /** Resolves once every server that runs knows all that run, and has given up those that do not. */
    agreed: () => bus.agreed(),
    /** Brings those back that do not run. */
    start: all('start'),
    /** Ends all of them without a word to their clients. */
    kill: all('kill'),
    /** Kills all of them, then starts all of them. */
    async restart() {
      await this.kill();
      await this.start();
    },
    /** Shuts all of them down properly. */
    stop: all('stop'),
  };
}
