/**
 * Lets the demo page see and control the deepstream server, through its own origin:
 *
 *     GET  /server           { running, url }
 *     POST /server/kill      also /server/start and /server/restart; answers as GET once it is done
 *
 * @param {Awaited<ReturnType<typeof import('../../tests/harness/deepstream-server.mjs').startDeepstreamServer>>} deepstream
 * @param {string} url what the page shall dial, if not the server itself
 * @returns a handler that answers true for the requests that were its own
 */
export function controlServer(deepstream, url = deepstream.url) {
  const commands = { kill: deepstream.kill, start: deepstream.start, restart: deepstream.restart };
  return control('server', commands, () => ({ running: deepstream.isRunning(), url }));
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
