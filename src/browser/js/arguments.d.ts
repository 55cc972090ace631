import type { DeepstreamError } from './error.js';

/**
 * What is thrown for something that cannot be: `invalid argument name: expected a non-empty string, got undefined`.
 * @internal
 */
export declare function invalid(
  name: string,
  expected: string,
  value: unknown,
  what?: 'argument' | 'option',
): DeepstreamError;

/** @internal */
export declare function checkName(name: string, value: unknown): string;

/** @internal */
export declare function checkFunction<Type extends Function>(name: string, value: unknown): Type;

/** @internal */
export declare function checkOptionalFunction<Type extends Function>(name: string, value: unknown): Type | undefined;

/**
 * Arguments of which the first may be left out, which is seen by the function that is the second. Wrappers give `undefined` for
 * what they were not given.
 * @internal
 */
export declare function optionalFirst(given: readonly unknown[]): readonly any[];

/** @internal */
export declare const TIME: string;

/**
 * Whether it is a time that the timers of browsers count, in milliseconds.
 * @internal
 */
export declare function isTime(value: unknown, least: number): boolean;

/**
 * The JSON text of a value, or nothing for `undefined`.
 * @throws {DeepstreamError} for what JSON has no text for, such as a function; with the cause where `JSON.stringify` throws
 * @internal
 */
export declare function jsonOf(name: string, value: unknown): string | undefined;

/**
 * The JSON text of what `login` is given; nothing for `undefined` and `null`.
 * @throws {DeepstreamError} for anything that JSON does not make an object
 * @internal
 */
export declare function loginParams(params: unknown): string | undefined;

/**
 * What a thrown value says.
 * @internal
 */
export declare function wordsIn(exception: unknown): string;

/**
 * Whether it is an object with `then`, such as a promise; not one whose `then` throws.
 * @internal
 */
export declare function isThenable(value: unknown): boolean;
