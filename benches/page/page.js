// Carries out one plan: says at /plan what came of it.
import { caseNamed } from './cases.js';
import { connectCollection } from './collection.js';
import { connectServer } from './server.js';
import { openSubject } from './subjects.js';

// What goes wrong in a callback would otherwise only be waited for.
addEventListener('error', ({ message, filename, lineno }) => post({ error: `${message} (${filename}:${lineno})` }));
addEventListener('unhandledrejection', ({ reason }) => post({ error: String(reason?.stack ?? reason) }));

try {
  const plan = await (await fetch('/plan')).json();
  await post({ samples: await carryOut(plan) });
} catch (error) {
  await post({ error: error.stack });
}

/**
 * @param {object} plan
 * @param {string} plan.serverUrl
 * @param {[caseName: string, subjectName: string][][]} plan.rounds what to measure, in this order
 * @param {number} plan.warmUps how many rounds come first and do not count
 * @param {{ url: string, names: string[] }} [plan.collection] records on a real server, where a case uses them
 */
async function carryOut({ serverUrl, rounds, warmUps, collection: collectionPlan }) {
  const server = await connectServer(serverUrl);
  const collection = collectionPlan && connectCollection(collectionPlan);
  const subjects = new Map();
  const sampling = new Map();
  const samples = [];
  for (const [round, steps] of rounds.entries()) {
    for (const [caseName, subjectName] of steps) {
      const { connected, prepare } = caseNamed(caseName);
      if (!subjects.has(subjectName)) {
        const subject = openSubject(subjectName, serverUrl);
        subjects.set(subjectName, subject);
        if (connected) await subject.connect(server);
      }
      const key = `${caseName} of ${subjectName}`;
      if (!sampling.has(key)) sampling.set(key, await prepare(subjects.get(subjectName), server, collection));
      collectGarbage();
      const values = await sampling.get(key)();
      if (round >= warmUps) samples.push({ case: caseName, subject: subjectName, values });
    }
  }
  return samples;
}

/** So that nobody pays for what the one before left behind. Exposed by a flag of the browser. */
function collectGarbage() {
  globalThis.gc({ type: 'minor' });
}

function post(outcome) {
  return fetch('/plan', { method: 'POST', body: JSON.stringify(outcome) });
}
