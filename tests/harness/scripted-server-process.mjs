import { runAsChild } from './child.mjs';
import { startScriptedServer } from './scripted-server.mjs';

runAsChild(async (options) => {
  const { port, stop } = await startScriptedServer({ ...options, keepMessages: false });
  return { ready: { port }, stop };
});
