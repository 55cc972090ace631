/** The event by which somebody else is asked to emit `data` as another event, `{ answerTo, data }`. */
export const echoRequest = 'echo';

/**
 * The records on a real server that ../collection.mjs has.
 * @param {{ url: string, names: string[] }} plan
 */
export function connectCollection({ url, names }) {
  const ask = async (command, parameters) => {
    const response = await fetch('/collection', { method: 'POST', body: JSON.stringify({ command, ...parameters }) });
    return response.json();
  };
  return {
    url,
    names,
    /** Has the network fail in this way from now on. */
    network: (fault) => ask('network', { fault }),
    /** Has somebody else change all records; resolves to what is at `t` in all of them then. */
    change: async () => (await ask('change')).text,
    /** What somebody else reads in the record: `{ version, data }`. */
    read: (name) => ask('read', { name }),
  };
}
