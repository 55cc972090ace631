// What the developer tools know of a page, without Playwright, which would be told of every frame that the page receives.

/**
 * Opens an empty page.
 * @param {import('@playwright/test').CDPSession} browserSession
 * @param {{ browserContextId?: string }} [where] in a browser context with caches and storage of its own
 */
export async function openPage(browserSession, where) {
  const { targetId } = await browserSession.send('Target.createTarget', { url: 'about:blank', ...where });
  const { sessionId } = await browserSession.send('Target.attachToTarget', { targetId, flatten: false });
  const waiting = new Map();
  const listeners = new Map();
  let lastId = 0;

  function receive({ sessionId: from, message }) {
    if (from !== sessionId) return;
    const { id, method, params, result, error } = JSON.parse(message);
    if (method) return void listeners.get(method)?.(params);
    const { resolve, reject, command } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(new Error(`${command}: ${error.message}`));
    else resolve(result);
  }

  function send(command, params = {}) {
    return new Promise((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve, reject, command });
      const message = JSON.stringify({ id: lastId, method: command, params });
      browserSession.send('Target.sendMessageToTarget', { sessionId, message }).catch(reject);
    });
  }

  browserSession.on('Target.receivedMessageFromTarget', receive);
  return {
    send,
    /** Resolves to what the next event of this name says. */
    next: (event) => new Promise((resolve) => listeners.set(event, resolve)),

    /** What `Performance.getMetrics` says, by name; times are seconds. */
    async metrics() {
      // CPU time of the thread, and not what passes while others have the processor.
      await send('Performance.enable', { timeDomain: 'threadTicks' });
      const { metrics } = await send('Performance.getMetrics');
      return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
    },

    async close() {
      browserSession.off('Target.receivedMessageFromTarget', receive);
      await browserSession.send('Target.closeTarget', { targetId });
    },
  };
}
