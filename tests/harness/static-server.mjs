import { once } from 'node:events';
import { createServer } from 'node:http';
import sirv from 'sirv';
import { freePort, loopback } from './ports.mjs';

/**
 * Serves directories on loopback, nothing cached.
 *
 * @param {object} options
 * @param {Record<string, string>} options.directories by URL prefix: `{ '/': 'dist', '/pkg': 'pkg' }`
 * @param {number} [options.port] where to listen; a free port if left out
 * @param {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => boolean | void} [options.handle]
 *   sees each request first; true means it is answered
 * @param {Record<string, string>} [options.headers] sent with every file, e.g. a Content-Security-Policy
 * @param {boolean} [options.etag] whether browsers may keep files and ask whether they are still the same: pages that must
 *   not be stored are kept out of most back/forward caches
 */
export async function startStaticServer({ directories, port, handle, headers = {}, etag = false }) {
  port ??= await freePort();
  // The longest prefix first, so that '/' does not hide the others.
  const mounts = Object.entries(directories)
    .map(([prefix, directory]) => ({ prefix: prefix.replace(/\/$/, ''), files: sirv(directory, { dev: true, etag }) }))
    .sort((one, other) => other.prefix.length - one.prefix.length);

  const server = createServer((request, response) => {
    if (handle?.(request, response)) return;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const { pathname } = new URL(request.url, 'http://localhost');
    const mount = mounts.find(({ prefix }) => prefix === '' || pathname === prefix || pathname.startsWith(`${prefix}/`));
    const notFound = () => response.writeHead(404).end('Not found');
    if (!mount) return notFound();
    request.url = request.url.slice(mount.prefix.length) || '/';
    mount.files(request, response, notFound);
  });
  server.listen(port, loopback);
  await once(server, 'listening');
  return {
    port,
    url: `http://${loopback}:${port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
