// Counts what a client may leave behind in a page.

/** To be run in a page before anything else: `page.addInitScript(install)`. Then `meters()` in the page says how much there is. */
export function install() {
  const listeners = {};
  const timers = new Set();
  const sockets = new Set();
  const workers = new Set();
  const objectUrls = new Set();
  const instances = [];
  let workerMessages = 0;
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const { setTimeout, clearTimeout, WebSocket, Worker } = globalThis;
  const { createObjectURL, revokeObjectURL } = URL;

  const countListener = (target, type, by) => {
    const key = `${target?.constructor?.name ?? 'Window'} ${type}`;
    listeners[key] = (listeners[key] ?? 0) + by;
    if (listeners[key] === 0) delete listeners[key];
  };
  EventTarget.prototype.addEventListener = function (type, ...rest) {
    countListener(this, type, 1);
    return addEventListener.call(this, type, ...rest);
  };
  EventTarget.prototype.removeEventListener = function (type, ...rest) {
    countListener(this, type, -1);
    return removeEventListener.call(this, type, ...rest);
  };

  globalThis.setTimeout = (callback, delay, ...details) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      callback(...details);
    }, delay);
    timers.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => {
    timers.delete(timer);
    clearTimeout(timer);
  };

  globalThis.WebSocket = class extends WebSocket {
    constructor(url) {
      super(url);
      sockets.add(this);
      addEventListener.call(this, 'close', () => sockets.delete(this));
    }
  };
  globalThis.Worker = class extends Worker {
    constructor(url) {
      super(url);
      workers.add(this);
      addEventListener.call(this, 'message', () => (workerMessages += 1));
    }
    terminate() {
      workers.delete(this);
      super.terminate();
    }
  };
  URL.createObjectURL = (blob) => {
    const url = createObjectURL.call(URL, blob);
    objectUrls.add(url);
    return url;
  };
  URL.revokeObjectURL = (url) => {
    objectUrls.delete(url);
    revokeObjectURL.call(URL, url);
  };

  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct(target, details) {
      const instance = Reflect.construct(target, details);
      instances.push(instance);
      return instance;
    },
  });

  globalThis.meters = () => ({
    listeners: { ...listeners },
    timers: timers.size,
    sockets: sockets.size,
    workers: workers.size,
    workerMessages,
    objectUrls: objectUrls.size,
    instances: instances.length,
    memoryBytes: instances[0]?.exports.memory.buffer.byteLength,
    // What the module holds of the page's objects.
    references: Object.values(instances[0]?.exports ?? {}).find((value) => value instanceof WebAssembly.Table)?.length,
  });
}
