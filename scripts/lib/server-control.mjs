/**
 * Lets the demo page see and control the deepstream server, through its own origin:
 *
 *     GET  /server           { running, url, directUrl }
 *     POST /server/kill      also /server/start and /server/restart; answers as GET once it is done
 *
 * @param {Awaited<ReturnType<typeof import('../../tests/harness/deepstream-server.mjs').startDeepstreamServer>>} deepstream
 * @param {string} url what the page shall dial, if not the server itself: `directUrl`
 * @returns a handler that answers true for the requests that were its own
 */
export function controlServer(deepstream, url = deepstream.url) {
  const commands = { kill: deepstream.kill, start: deepstream.start, restart: deepstream.restart };
  return control('server', commands, () => ({ running: deepstream.isRunning(), url, directUrl: deepstream.url }));
}

/**
 * Lets the demo page see and control the network between it and the server:
 *
 *     GET  /network          { fault, faults }
 *     POST /network/<fault>  answers as GET
 *
 * @param {Awaited<ReturnType<typeof import('../../tests/harness/tcp-proxy.mjs').startTcpProxy>>} proxy
 * @param {string[]} faults the names of the faults
 * @returns a handler that answers true for the requests that were its own
 */
export function controlNetwork(proxy, faults) {
  const commands = Object.fromEntries(faults.map((fault) => [fault, async () => proxy.fail(fault)]));
  return control('network', commands, () => ({ fault: proxy.fault(), faults }));
}

/** How much of what the server has taken in is kept for pages that are being reloaded. */
const mostKept = 2000;

/**
 * Lets the demo page know what the server has taken in, whatever the network does to the page's clients:
 *
 *     GET  /witness?prefix=<prefix>    a stream of server-sent events { event | record, data }
 *
 * The stream begins with what was taken in before, as far as it is kept. The ids grow, also over a restart of this
 * process.
 *
 * @returns the handler, and `onTaken` for startDeepstreamServer
 */
export function controlWitness() {
  let lastId = Date.now();
  const kept = [];
  const streams = new Set();
  function onTaken({ event, record, text }) {
    const name = event ?? record;
    lastId += 1;
    const line = `id: ${lastId}\ndata: ${JSON.stringify({ event, record, data: JSON.parse(text ?? 'null') })}\n\n`;
    kept.push({ name, id: lastId, line });
    if (kept.length > mostKept) kept.shift();
    for (const { prefix, response } of streams) if (name.startsWith(prefix)) response.write(line);
  }
  function handle(request, response) {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    if (pathname !== '/witness') return false;
    if (!isFromOwnPage(request)) {
      response.writeHead(403).end();
      return true;
    }
    const stream = { prefix: searchParams.get('prefix') ?? '', response };
    const since = Number(request.headers['last-event-id'] ?? 0);
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write('retry: 1000\n\n');
    for (const { name, id, line } of kept) if (id > since && name.startsWith(stream.prefix)) response.write(line);
    streams.add(stream);
    response.on('close', () => streams.delete(stream));
    return true;
  }
  return { handle, onTaken };
}

/** Answers `GET /<prefix>` with the status, and `POST /<prefix>/<command>` with the status after the command. */
function control(ownPrefix, commands, status) {
  return function handle(request, response) {
    const [, prefix, command] = new URL(request.url, 'http://localhost').pathname.split('/');
    if (prefix !== ownPrefix) return false;
    const answer = (code, body) => {
      response.writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(JSON.stringify(body));
    };
    const answerStatus = () => answer(200, status());
    const answerProblem = (code, error) => answer(code, { error });

    if (!isFromOwnPage(request)) answerProblem(403, 'Only the demo page may do this.');
    else if (command === undefined && request.method === 'GET') answerStatus();
    else if (!Object.hasOwn(commands, command ?? '')) answerProblem(404, 'Not found.');
    else if (request.method !== 'POST') answerProblem(405, 'POST is expected.');
    else commands[command]().then(answerStatus, (error) => answerProblem(500, error.message));
    return true;
  };
}

/** Keeps other sites out, those that let their own name point to this machine included. */
function isFromOwnPage({ headers: { host, origin }, socket }) {
  const ownHosts = ['127.0.0.1', 'localhost'].map((name) => `${name}:${socket.localPort}`);
  return ownHosts.includes(host) && (origin === undefined || origin === `http://${host}`);
}
