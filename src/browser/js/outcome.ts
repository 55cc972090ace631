import { checkOptionalFunction } from './arguments.js';
import type { DeepstreamError } from './error.js';

/**
 * Told once: an error or `null`, the result, whether the error follows from what the application did itself, so that a
 * promise which nobody looks at is no unhandled rejection, and what a receipt says of it.
 * @internal
 */
export type Done = (error: DeepstreamError | null, value: any, isExpected: boolean, outcome?: string) => void;

/**
 * Gives the outcome of something as a promise.
 * @param begin What it throws is thrown at once.
 * @internal
 */
export function promise<Value>(begin: (done: Done) => void): Promise<Value> {
  let resolve!: (value: Value) => void;
  let reject!: (error: DeepstreamError) => void;
  const promise = new Promise<Value>((...settlers) => ([resolve, reject] = settlers));
  begin((error, value, isExpected) => {
    if (!error) return resolve(value);
    if (isExpected) promise.catch(() => {});
    reject(error);
  });
  return promise;
}

/**
 * Gives the outcome of something to a callback, as the code of an error or `null`, and the value; without a callback as a
 * promise.
 * @param valueOf Gets `undefined` where there is an error.
 * @internal
 */
export function outcome<Value>(
  callback: unknown,
  begin: (done: Done) => void,
  valueOf: (value: any) => unknown = (value) => value,
): Promise<Value> | void {
  const told = checkOptionalFunction<(error: any, value: any) => void>('callback', callback);
  if (!told) return promise((done) => begin((error, value, isExpected) => done(error, valueOf(value), isExpected)));
  begin((error, value) => told(error && error.code, valueOf(value)));
}
