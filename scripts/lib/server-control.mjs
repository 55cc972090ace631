/**
 * Lets the demo page see and control the deepstream server, through its own origin:
 *
 *     GET  /server           { running, url }
 *     POST /server/kill      also /server/start and /server/restart; answers as GET once it is done
 *
 * @param {Awaited<ReturnType<typeof import('../../tests/harness/deepstream-server.mjs').startDeepstreamServer>>} deepstream
 * @returns a handler that answers true for the requests that were its own
 */
export function controlServer(deepstream) {
  const commands = { kill: deepstream.kill, start: deepstream.start, restart: deepstream.restart };

  return function handle(request, response) {
    const [, prefix, command] = new URL(request.url, 'http://localhost').pathname.split('/');
    if (prefix !== 'server') return false;
    const answer = (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(JSON.stringify(body));
    };
    const answerStatus = () => answer(200, { running: deepstream.isRunning(), url: deepstream.url });
    const answerProblem = (status, error) => answer(status, { error });

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
