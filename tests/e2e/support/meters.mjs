// Counts what a client may leave behind in a page.

/** To be run in a page before anything else: `page.addInitScript(installMeters)`. {@link readMeters} says how much there is. */
export function installMeters() {
  const listeners = new Map();
  const timers = new Set();
  const sockets = new Set();
  let fromModule = 0;
  let instance;

  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const countListener = (target, type, change) => {
    const name = `${(target ?? globalThis).constructor.name} ${type}`;
    listeners.set(name, (listeners.get(name) ?? 0) + change);
    if (listeners.get(name) === 0) listeners.delete(name);
  };
  EventTarget.prototype.addEventListener = function (type, ...rest) {
    countListener(this, type, 1);
    return addEventListener.call(this, type, ...rest);
  };
  EventTarget.prototype.removeEventListener = function (type, ...rest) {
    countListener(this, type, -1);
    return removeEventListener.call(this, type, ...rest);
  };

  for (const [set, clear] of [
    ['setTimeout', 'clearTimeout'],
    ['setInterval', 'clearInterval'],
  ]) {
    const { [set]: start, [clear]: stop } = globalThis;
    globalThis[set] = (callback, ...rest) => {
      const timer = start((...details) => {
        if (set === 'setTimeout') timers.delete(timer);
        callback(...details);
      }, ...rest);
      timers.add(timer);
      return timer;
    };
    globalThis[clear] = (timer) => {
      timers.delete(timer);
      stop(timer);
    };
  }

  globalThis.WebSocket = class extends WebSocket {
    constructor(...details) {
      super(...details);
      sockets.add(this);
      addEventListener.call(this, 'close', () => sockets.delete(this));
    }
  };

  // The module's glue registers every object and every closure that it gives to JavaScript, until it is given back.
  globalThis.FinalizationRegistry = class extends FinalizationRegistry {
    constructor(cleanUp) {
      super((held) => {
        fromModule -= 1;
        cleanUp(held);
      });
    }
    register(...details) {
      fromModule += 1;
      super.register(...details);
    }
    unregister(token) {
      const wasRegistered = super.unregister(token);
      if (wasRegistered) fromModule -= 1;
      return wasRegistered;
    }
  };

  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct: (target, details) => (instance = Reflect.construct(target, details)),
  });

  globalThis.meters = () => {
    const exported = Object.values(instance?.exports ?? {});
    const table = exported.find((value) => value instanceof WebAssembly.Table && value.length > 0);
    const places = Array.from({ length: table?.length ?? 0 }, (_, place) => table.get(place));
    return {
      listeners: Object.fromEntries(listeners),
      timers: timers.size,
      sockets: sockets.size,
      /** Objects and closures of the module that JavaScript holds. */
      fromModule,
      /** Objects of JavaScript that the module holds. Its table has as many places as it ever held at once: some are empty. */
      toModule: places.filter((value) => value !== null && value !== undefined).length,
      memoryBytes: exported.find((value) => value instanceof WebAssembly.Memory)?.buffer.byteLength,
    };
  };
}

/** What the meters of the page say once all garbage is gone. */
export async function readMeters(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return { ...(await page.evaluate(() => meters())), heapBytes: usedSize };
}
