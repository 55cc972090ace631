/** The page's end of the benchmark server's control connection: see server-process.mjs for the commands. */
export async function connectServer(url) {
  const socket = new WebSocket(`${url}/control`);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error('The benchmark server does not answer.'));
  });
  const waiting = new Map();
  let lastId = 0;
  socket.onmessage = ({ data }) => {
    const { id, result, error } = JSON.parse(data);
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(new Error(error));
    else resolve(result);
  };

  const request = (command) => (parameters) =>
    new Promise((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      socket.send(JSON.stringify({ id: lastId, command, ...parameters }));
    });
  const load = request('load');

  return {
    /** Where clients connect to, with a name of their own behind a slash. */
    url,
    /** `{ messages, count }`: the burst to play, and the frames of the messages as ArrayBuffers. */
    async load(parameters) {
      const { burst, frames } = await load(parameters);
      return { burst, frames: frames.map((text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer) };
    },
    subscribed: request('subscribed'),
    subscribedTo: request('subscribedTo'),
    drop: request('drop'),
    expect: request('expect'),
    arrived: request('arrived'),
    expectNothing: request('expectNothing'),
    play: request('play'),
    count: request('count'),
    counted: request('counted'),
    echo: request('echo'),
    keep: request('keep'),
  };
}
