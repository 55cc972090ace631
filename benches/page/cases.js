import { eventCases } from './event-cases.js';
import { outboxCases } from './outbox-cases.js';
import { startCase } from './start-case.js';

/**
 * Something to measure.
 * @typedef {object} Case
 * @property {string} name what `--case` selects it by
 * @property {string[]} measures what its samples say, in the order of the table
 * @property {string[]} [subjects] who takes part; everybody if left out
 * @property {boolean} connected whether subjects are connected before; if not, each sample has a page of its own
 * @property {(subject, server) => Promise<Sample>} prepare called once per page and subject, before the first sample
 *
 * @typedef {() => Promise<Record<string, number>>} Sample microseconds per operation, by measure
 */

/** @type {Case[]} in the order of the table */
export const cases = [...eventCases, ...outboxCases, startCase];

export function caseNamed(name) {
  return cases.find((one) => one.name === name);
}
