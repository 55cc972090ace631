import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { freePort, loopback } from './ports.mjs';

/** From the client to the server, and back. */
export const directions = ['up', 'down'];

/** Bytes that pass a slow direction at a time. */
const pieceBytes = 4 * 1024;

/** How much of a slow direction's time may lie ahead before nothing more is taken from the sender, in milliseconds. */
const backlogMs = 250;

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
 * Beside that, each direction may be slow: `slowDown('up', { bytesPerSecond, delayMs })`.
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
  const asFastAsCanBe = { bytesPerSecond: Infinity, delayMs: 0 };
  const speeds = { up: asFastAsCanBe, down: asFastAsCanBe };
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
    pass(link, 'up', client, link.upstream);
    pass(link, 'down', link.upstream, client);
  });

  function forget(link) {
    const { client, upstream, isDead } = link;
    if (!links.delete(link)) return;
    if (isDead) orphans.add(client).add(upstream);
    else upstream?.destroy();
  }

  function pass(link, direction, from, to) {
    /** What is under way, in order: when it arrives, and what happens then. */
    const underWay = [];
    /** When all that was taken so far has left. */
    let freeAt = 0;

    const arrive = () => {
      while (underWay.length > 0 && underWay[0].at <= performance.now()) {
        const { act } = underWay.shift();
        if (!link.isDead) act();
      }
      if (freeAt - performance.now() < backlogMs) from.resume();
      if (underWay.length > 0) setTimeout(arrive, Math.max(1, underWay[0].at - performance.now())).unref();
    };
    const inOrder = (bytes, act) => {
      const now = performance.now();
      const { bytesPerSecond, delayMs: further } = speeds[direction];
      freeAt = Math.max(freeAt, now) + (1_000 * bytes) / bytesPerSecond;
      const at = freeAt + further + (fault === 'delay' ? delayMs : 0);
      // Nothing overtakes what is still under way when a delay ends.
      if (at <= now && underWay.length === 0) return link.isDead || act();
      underWay.push({ at: Math.max(at, underWay.at(-1)?.at ?? 0), act });
      if (underWay.length === 1) setTimeout(arrive, at - now).unref();
      if (freeAt - now >= backlogMs) from.pause();
    };
    from.on('data', (bytes) => {
      const piece = speeds[direction].bytesPerSecond === Infinity ? bytes.length : pieceBytes;
      for (let at = 0; at < bytes.length; at += piece) {
        const part = bytes.subarray(at, at + piece);
        inOrder(part.length, () => to.write(part));
      }
    });
    from.on('end', () => inOrder(0, () => to.end()));
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
    /**
     * Makes a direction, one of {@link directions}, slow from now on, for the connections that there are as well; as fast
     * as can be where a limit is left out.
     *
     * @param {object} [limits]
     * @param {number} [limits.bytesPerSecond] how much passes in a second
     * @param {number} [limits.delayMs] how much later everything arrives, in milliseconds
     */
    slowDown(direction, limits) {
      if (!directions.includes(direction)) throw new Error(`There is no direction '${direction}', only ${directions.join(', ')}.`);
      speeds[direction] = { ...asFastAsCanBe, ...limits };
    },
    async stop() {
      server.close();
      const sockets = [...links].flatMap(({ client, upstream }) => [client, upstream]);
      for (const socket of [...sockets, ...orphans]) socket?.destroy();
      await once(server, 'close');
    },
  };
}
