import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { freePort, loopback } from './ports.mjs';

/** What the network may do to connections, those there are and new ones. */
export const faults = ['none', 'refuse', 'reset', 'blackhole', 'delay'];

/**
 * A network between a client and a server on loopback that can be made to fail:
 *
 * - `none`: passes everything on;
 * - `refuse`: ends connections as soon as they come, those there are included;
 * - `reset`: the same, but with a TCP reset;
 * - `blackhole`: takes connections and bytes, and passes nothing on in either direction, nor the end of a connection;
 * - `delay`: passes everything on, `delayMs` later.
 *
 * What was swallowed by a black hole stays lost when the fault ends: such connections stay dead.
 *
 * @param {object} options
 * @param {number} options.target the port of the server
 * @param {number} [options.port] where to listen; a free port if left out
 * @param {number} [options.delayMs] for the fault `delay`, in milliseconds
 */
export async function startTcpProxy({ target, port, delayMs = 500 }) {
  port ??= await freePort();
  const links = new Set();
  /** Sockets of clients that have left a black hole, and of their servers, which nobody tells. */
  const orphans = new Set();
  let fault = 'none';
  let accepted = 0;

  const server = createServer({ allowHalfOpen: true }, (client) => {
    accepted += 1;
    const link = { client, upstream: null, isDead: fault === 'blackhole' };
    links.add(link);
    client.on('error', () => {}); // 'close' follows, and is what counts
    client.on('end', () => link.isDead && forget(link));
    client.on('close', () => forget(link));
    if (fault === 'refuse' || fault === 'reset') return cut(link);
    if (link.isDead) return void client.resume();
    link.upstream = connect({ port: target, host: loopback, allowHalfOpen: true });
    link.upstream.on('error', () => link.isDead || client.resetAndDestroy());
    pass(link, client, link.upstream);
    pass(link, link.upstream, client);
  });

  function forget(link) {
    const { client, upstream, isDead } = link;
    if (!links.delete(link)) return;
    if (isDead) orphans.add(client).add(upstream);
    else upstream?.destroy();
  }

  function pass(link, from, to) {
    let delayed = 0;
    const inOrder = (act) => {
      const actUnlessDead = () => link.isDead || act();
      // Nothing overtakes what is still under way when a delay ends.
      if (fault !== 'delay' && delayed === 0) return actUnlessDead();
      delayed += 1;
      setTimeout(() => {
        delayed -= 1;
        actUnlessDead();
      }, delayMs).unref();
    };
    from.on('data', (bytes) => inOrder(() => to.write(bytes)));
    from.on('end', () => inOrder(() => to.end()));
  }

  function cut({ client, upstream }) {
    upstream?.destroy();
    if (fault === 'reset') client.resetAndDestroy();
    else client.destroy();
  }

  server.listen(port, loopback);
  await once(server, 'listening');
  return {
    port,
    url: `ws://${loopback}:${port}/deepstream`,
    /** The fault in force. */
    fault: () => fault,
    /** How many connections there are, those in a black hole included. */
    connections: () => links.size,
    /** How many connections there ever were. */
    accepted: () => accepted,
    /** Makes the network fail in this way from now on, one of {@link faults}. */
    fail(next) {
      if (!faults.includes(next)) throw new Error(`There is no fault '${next}', only ${faults.join(', ')}.`);
      fault = next;
      for (const link of links) {
        if (fault === 'blackhole') link.isDead = true;
        if (fault === 'refuse' || fault === 'reset') cut(link);
      }
    },
    async stop() {
      server.close();
      const sockets = [...links].flatMap(({ client, upstream }) => [client, upstream]);
      for (const socket of [...sockets, ...orphans]) socket?.destroy();
      await once(server, 'close');
    },
  };
}
