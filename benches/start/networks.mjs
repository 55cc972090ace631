/** Bytes per second. */
const megabits = (number) => (number * 1_000_000) / 8;

/**
 * What is between the page and the servers, as `Network.emulateNetworkConditions` takes it.
 * @typedef {{ name: string, conditions?: { latency: number, downloadThroughput: number, uploadThroughput: number } }} Network
 */

/** @type {Network[]} in the order of the table */
export const networks = [
  { name: 'unthrottled' },
  slow('10 Mbit/s, 40 ms', megabits(10), 40),
  slow('1.6 Mbit/s, 150 ms', megabits(1.6), 150),
];

/** `latency` is added to each request, in milliseconds. */
function slow(name, throughput, latency) {
  return { name, conditions: { latency, downloadThroughput: throughput, uploadThroughput: throughput } };
}
