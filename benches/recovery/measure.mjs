// Has the network fail for all clients in the same moment, and notes when each of them is back.
import deepstreamClient from '@deepstream/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../scripts/lib/process.mjs';
import { startDeepstreamServer } from '../../tests/harness/deepstream-server.mjs';
import { startTcpProxy } from '../../tests/harness/tcp-proxy.mjs';
import { letterCount } from './faults.mjs';

/** Where there is hardly any time between fault and return, letters are written for this long, in milliseconds. */
const shortestWritingMs = 200;
/** Between two events for those who come back, in milliseconds; how exact "first event" can be. */
const beatIntervalMs = 10;
/** How long letters may take after everybody is back, in milliseconds. */
const deliveryMs = 3_000;
/** Between connecting and the fault, so that sessions are as quiet as those of a page left open, in milliseconds. */
const calmMs = 1_000;
/** What both clients have as `heartbeatInterval` by default. When silence is noticed depends on where in it it begins. */
const heartbeatIntervalMs = 30_000;

/**
 * What became of one client in one round.
 * @typedef {object} Sample
 * @property {string} fault
 * @property {string} subject
 * @property {number} downMs from the fault to the network's return
 * @property {number | null} openMs from the network's return to OPEN; null if that did not come
 * @property {number | null} eventMs from the network's return to the first event that came in
 * @property {number} letters how many different ones of those it wrote have arrived
 * @property {number} repeated how many arrived again
 * @property {string} state where the client was in the end
 */

/**
 * @param {{ browser: import('@playwright/test').Browser, siteUrl: string }} bench
 * @param {{ faults: import('./faults.mjs').Fault[], subjects: string[], rounds: number, onProgress: (text: string) => void }} plan
 * @returns {Promise<Sample[]>}
 */
export async function measureRecovery(bench, { faults, subjects, rounds, onProgress }) {
  const server = await startDeepstreamServer();
  const witness = await openWitness(server.url);
  const open = () => openSessions(bench, server, witness, subjects);
  const samples = [];
  const measure = async (fault, sessions, ageMs) => samples.push(...(await measureFault(fault, sessions, ageMs)));
  for (const fault of faults.filter(({ isLong }) => !isLong)) {
    onProgress(fault.name);
    for (let round = 0; round < rounds; round += 1) await measure(fault, await open(), calmMs);
  }
  const longFaults = faults.filter(({ isLong }) => isLong);
  onProgress(longFaults.map(({ name }) => name).join('; '));
  const planned = [];
  for (const fault of longFaults) {
    for (let round = 0; round < rounds; round += 1) {
      planned.push([fault, await open(), calmMs + (round * heartbeatIntervalMs) / rounds]);
    }
  }
  await Promise.all(planned.map((parameters) => measure(...parameters)));
  onProgress('');
  witness.close();
  await server.stop();
  return samples;
}

/** Opens a page with a client of each kind, logged in and subscribed, each behind a network of its own. */
async function openSessions({ browser, siteUrl }, server, witness, subjects) {
  // Not one proxy for all: a browser opens WebSockets to the same port one after the other.
  const proxies = await Promise.all(subjects.map(() => startTcpProxy({ target: server.port })));
  const page = await browser.newPage();
  await page.goto(`${siteUrl}/recovery.html`);
  const beat = `beat ${witness.getUid()}`;
  const stopBeats = emitBeats(witness, beat);
  for (const [index, subject] of subjects.entries()) {
    await page.evaluate((client) => recovery.connect(client), { subject, url: proxies[index].url, beat });
  }
  stopBeats();
  const mailboxes = subjects.map((subject) => openMailbox(witness, `letters of ${subject} ${witness.getUid()}`));
  return {
    subjects,
    server,
    witness,
    page,
    mailboxes,
    emitBeats: () => emitBeats(witness, beat),
    setNetwork: (state) => proxies.forEach((proxy) => proxy.fail(state)),
    async close() {
      await page.close();
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      for (const mailbox of mailboxes) mailbox.close();
    },
  };
}

/** Has the network fail `ageMs` from now, and gives a sample of each client; closes the sessions. */
async function measureFault(fault, { subjects, server, witness, page, mailboxes, ...sessions }, ageMs) {
  await sleep(ageMs);
  await page.evaluate(() => recovery.forget());
  const fallenAt = Date.now();
  const isOver = sleep(fault.durationMs);
  if (fault.restartsServer) await server.kill();
  sessions.setNetwork(fault.network);
  const written = page.evaluate((plan) => recovery.write(plan), {
    letters: mailboxes.map(({ name }) => name),
    count: letterCount,
    intervalMs: Math.max(fault.durationMs, shortestWritingMs) / letterCount,
  });
  if (fault.restartsServer) {
    await server.start();
    await witness.isBack();
  }
  if (fault.durationMs > 0) await isOver;
  sessions.setNetwork('none');
  const returnedAt = Date.now();
  if (fault.sign) await page.evaluate((type) => dispatchEvent(new Event(type)), fault.sign);

  const stopBeats = sessions.emitBeats();
  await until(() => page.evaluate(() => recovery.areBack()), fault.patienceMs);
  stopBeats();
  await written;
  await until(() => mailboxes.every(({ numbers }) => new Set(numbers).size === letterCount), deliveryMs);
  const reports = await page.evaluate(() => recovery.report());
  await sessions.close();
  return subjects.map((subject, index) => {
    const { openAt, beatAt, state } = reports[index];
    const { numbers } = mailboxes[index];
    const foreign = numbers.find((number) => !Number.isInteger(number) || number < 0 || number >= letterCount);
    if (foreign !== undefined) throw new Failure(`${subject} was not asked to emit ${JSON.stringify(foreign)} (${fault.name}).`);
    if (openAt === null && beatAt !== null) throw new Failure(`${subject} heard an event before it was OPEN (${fault.name}).`);
    return {
      fault: fault.name,
      subject,
      downMs: returnedAt - fallenAt,
      openMs: openAt && openAt - returnedAt,
      eventMs: beatAt && beatAt - returnedAt,
      letters: new Set(numbers).size,
      repeated: numbers.length - new Set(numbers).size,
      state,
    };
  });
}

/** Emits one event after the other for those who come back; what is given back ends it. */
function emitBeats(witness, beat) {
  const timer = setInterval(() => witness.event.emit(beat, null), beatIntervalMs);
  return () => clearInterval(timer);
}

/** Somebody with a network that never fails, who is back before all others when the server is. */
async function openWitness(url) {
  const witness = new deepstreamClient.DeepstreamClient(url, {
    nativeTimerRegistry: true,
    subscriptionInterval: 0,
    reconnectIntervalIncrement: beatIntervalMs,
    maxReconnectInterval: beatIntervalMs,
    maxReconnectAttempts: Infinity,
  });
  witness.on('error', () => {}); // of a server that is away it hears again and again
  await witness.login();
  witness.isBack = () => until(() => witness.getConnectionState() === 'OPEN', 30_000);
  return witness;
}

/** Collects the numbers that arrive under this name. */
function openMailbox(witness, name) {
  const numbers = [];
  const collect = (number) => numbers.push(number);
  witness.event.subscribe(name, collect);
  return {
    name,
    numbers,
    close: () => witness.event.unsubscribe(name, collect),
  };
}

/** Waits for a condition, at most this many milliseconds. */
async function until(isMet, patienceMs) {
  const deadline = Date.now() + patienceMs;
  while (!(await isMet()) && Date.now() < deadline) await sleep(50);
}
