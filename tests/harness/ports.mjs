import { createServer } from 'node:net';

/** The loopback address everything in tests and the demo binds to. */
export const loopback = '127.0.0.1';

// Below the ports that the system gives to outgoing connections, so that a server can come back on its own port.
const lowestPort = 20_000;
const highestPort = 32_000;

/**
 * A free TCP port on loopback: `preferred` if nobody has it, else the next free one.
 * Without a preference, one that concurrent callers are unlikely to pick too.
 */
export async function freePort(preferred = lowestPort + Math.floor(Math.random() * (highestPort - lowestPort))) {
  for (let port = preferred; port <= 65_535; port += 1) {
    if (await isFree(port)) return port;
  }
  throw new Error(`No port from ${preferred} upwards is free on ${loopback}.`);
}

function isFree(port) {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    });
    probe.listen(port, loopback, () => probe.close(() => resolve(true)));
  });
}
