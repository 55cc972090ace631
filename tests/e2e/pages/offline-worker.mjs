// A client in a worker that keeps records: tells what it has of one, and whether that comes from storage.
import { DeepstreamClient } from '/pkg/index.mjs';

onmessage = async ({ data: { url, isOnline } }) => {
  try {
    const client = new DeepstreamClient(url, { offlineEnabled: true, subscriptionInterval: 0 });
    const errors = [];
    client.on('error', ({ code }) => errors.push(code));
    if (isOnline) await client.login();
    const note = await client.record.getRecord('note').whenReady();
    if (isOnline) await note.setWithAck({ from: 'worker' });
    const told = { data: note.get(), isFromStorage: note.isFromStorage };
    client.close();
    const failures = errors.filter((code) => code === 'OFFLINE_STORAGE_ERROR');
    postMessage({ ...told, failures });
  } catch (error) {
    postMessage({ error: String(error) });
  }
};
