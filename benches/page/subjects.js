// Who is measured.

/** By the name under which they connect. Titles are for the table. `memory` takes part only in cases that name it. */
export const subjectTitles = {
  wasm: 'deepstream-wasm',
  memory: 'deepstream-wasm, in memory',
  other: 'other build',
  reference: '@deepstream/client',
  parsing: 'WebSocket + JSON',
  bare: 'WebSocket',
};

const clientLoaders = {
  wasm: async () => (await import('/pkg/index.mjs')).DeepstreamClient,
  memory: async () => (await import('/pkg/index.mjs')).DeepstreamClient,
  other: async () => (await import('/other/index.mjs')).DeepstreamClient,
  reference: async () => {
    await loadScript('/reference/ds.min.js');
    return globalThis.DeepstreamClient.DeepstreamClient;
  },
};

/** Options that somebody has beside those that all have. */
const ownOptions = { memory: { outbox: { storage: 'memory' } } };

/** Whether a client asks with a frame what has arrived: nothing else that it sends is as short. */
export const isPing = (frame) => frame.byteLength <= 16;

/** Fetches and evaluates a client's code; resolves to its class. */
export const loadClient = (name) => clientLoaders[name]();

/** Somebody who is measured, not connected yet. */
export function openSubject(name, serverUrl) {
  const url = `${serverUrl}/${name}`;
  if (Object.hasOwn(clientLoaders, name)) return new ClientSubject(name, url);
  return new FloorSubject(name, url, { readsData: name === 'parsing' });
}

/** A deepstream client: everything a case does with `client` it does with all of them. */
class ClientSubject {
  isClient = true;
  readsData = true;
  #names = new Set();

  constructor(name, url) {
    this.name = name;
    this.url = url;
  }

  /** See {@link loadClient}. */
  load() {
    return loadClient(this.name);
  }

  /** The client, which dials when it logs in: the benchmark server, unless another URL is given. */
  create(DeepstreamClient, options, url = this.url) {
    // No PING for its own sake shall come in between: the interval is an hour, in milliseconds.
    const common = { lazyConnect: true, heartbeatInterval: 3_600_000 };
    return new DeepstreamClient(url, { ...common, ...ownOptions[this.name], ...options });
  }

  async connect(server) {
    this.server = server;
    const sockets = collectSockets();
    this.client = this.create(await this.load());
    await this.client.login();
    [this.socket] = sockets.end();
  }

  /** Has the callback called with the data of each event of this name; once per name. */
  async onEvent(name, callback) {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    this.client.event.subscribe(name, callback);
    // Clients take their time to tell the server, which shall not happen while something is measured.
    await this.server.subscribed({ from: this.name, event: name });
  }

  /** Resolves when the client has nothing left to do for what was emitted. */
  async drained() {
    await this.client.outbox?.flush();
  }

  /** What emits the event; `frame` is what has to go out. The reference client knows no options. */
  emitter(name, data, _frame, options) {
    return () => this.client.event.emit(name, data, options);
  }
}

/**
 * A WebSocket and nothing else: what no client can be faster than. One that reads the data as well does what no client
 * can leave out: it turns the payload's bytes into a value, or the value into bytes.
 */
class FloorSubject {
  isClient = false;

  constructor(name, url, { readsData }) {
    this.name = name;
    this.url = url;
    this.readsData = readsData;
  }

  async connect() {
    this.socket = new WebSocket(this.url);
    this.socket.binaryType = 'arraybuffer';
    await new Promise((resolve, reject) => {
      this.socket.onopen = resolve;
      this.socket.onerror = () => reject(new Error('The benchmark server does not answer.'));
    });
  }

  async onEvent(name, callback) {
    this.socket.onmessage = this.readsData ? readingData(name, callback) : callback;
  }

  async drained() {}

  emitter(_name, data, frame) {
    if (!this.readsData) return () => this.socket.send(frame);
    const encoder = new TextEncoder();
    const template = new Uint8Array(frame);
    const start = template.indexOf(openingBrace);
    return () => {
      const bytes = template.slice();
      bytes.set(encoder.encode(JSON.stringify(data)), start);
      this.socket.send(bytes);
    };
  }
}

/** Finds the payload without looking for it: before the name, which has a tag and a length, after fields of fixed length. */
function readingData(name, callback) {
  const decoder = new TextDecoder();
  const behind = name.length + 2;
  return ({ data: frame }) => {
    const bytes = new Uint8Array(frame);
    const start = bytes.indexOf(openingBrace);
    callback(JSON.parse(decoder.decode(bytes.subarray(start, bytes.length - behind))));
  };
}

const openingBrace = '{'.charCodeAt(0);

/** Notes the WebSockets that are made until `end()` gives them. */
function collectSockets() {
  const { WebSocket } = globalThis;
  const sockets = [];
  globalThis.WebSocket = class extends WebSocket {
    constructor(...parameters) {
      super(...parameters);
      sockets.push(this);
    }
  };
  return {
    end() {
      globalThis.WebSocket = WebSocket;
      return sockets;
    },
  };
}

function loadScript(src) {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement('script'), { src, onload: resolve });
    script.onerror = () => reject(new Error(`${src} cannot be loaded.`));
    document.head.append(script);
  });
}
