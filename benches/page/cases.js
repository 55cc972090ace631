import { collectionCases } from './collection-cases.js';
import { eventCases } from './event-cases.js';
import { outboxCases } from './outbox-cases.js';
import { recordCases } from './record-cases.js';
import { startCase } from './start-case.js';
import { taskCases } from './task-cases.js';

/**
 * Something to measure.
 * @typedef {object} Case
 * @property {string} name what `--case` selects it by
 * @property {string[]} measures what its samples say, in the order of the table
 * @property {Record<string, 'bytes'>} [units] of measures that are not a time
 * @property {string[]} [subjects] who takes part; everybody but `memory` if left out
 * @property {boolean} connected whether subjects are connected before; if not, each sample has a page of its own
 * @property {string} [title] of all cases that differ only in the number of operations; they have pages of their own
 * @property {number} [count] that number
 * @property {boolean} [usesCollection] whether there must be a real server with many records
 * @property {(subject, server, collection) => Promise<Sample>} prepare called once per page and subject, before the first
 *   sample
 *
 * @typedef {() => Promise<Record<string, number>>} Sample microseconds per operation, or bytes, by measure
 */

/** @type {Record<string, Case[]>} by benchmark, each in the order of the table */
export const cases = {
  events: [...eventCases, ...outboxCases, startCase],
  records: [...recordCases, ...collectionCases],
  tasks: taskCases,
};

export function caseNamed(name) {
  return Object.values(cases)
    .flat()
    .find((one) => one.name === name);
}
