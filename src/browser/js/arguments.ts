// Arguments of the application, checked at the call.
import { DeepstreamError } from './error.js';

/**
 * What is thrown for something that cannot be: `invalid argument name: expected a non-empty string, got undefined`.
 * @internal
 */
export function invalid(name: string, expected: string, value: unknown, what: 'argument' | 'option' = 'argument'): DeepstreamError {
  const code = what === 'option' ? 'INVALID_OPTION' : 'INVALID_ARGUMENT';
  return new DeepstreamError(`invalid ${what} ${name}: expected ${expected}, got ${describe(value)}`, code);
}

/** @internal */
export function checkName(name: string, value: unknown): string {
  if (typeof value === 'string' && value) return value;
  throw invalid(name, 'a non-empty string', value);
}

/** @internal */
export function checkFunction<Type extends Function>(name: string, value: unknown): Type {
  if (typeof value === 'function') return value as Type;
  throw invalid(name, 'a function', value);
}

/** @internal */
export function checkOptionalFunction<Type extends Function>(name: string, value: unknown): Type | undefined {
  return value === undefined || value === null ? undefined : checkFunction<Type>(name, value);
}

/** @internal */
export const TIME = 'a number of milliseconds';

/**
 * Whether it is a time that the timers of browsers count, in milliseconds.
 * @internal
 */
export function isTime(value: unknown, least: number): boolean {
  return typeof value === 'number' && value >= least && value <= 0x7fffffff;
}

/**
 * The JSON text of a value, or nothing for `undefined`.
 * @throws {DeepstreamError} for what JSON has no text for, such as a function; with the cause where `JSON.stringify` throws
 * @internal
 */
export function jsonOf(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    const message = `invalid argument ${name}: expected what JSON can say: ${wordsIn(cause)}`;
    throw new DeepstreamError(message, 'INVALID_ARGUMENT', { cause });
  }
  if (text === undefined) throw invalid(name, 'what JSON can say', value);
  return text;
}

/**
 * What a thrown value says.
 * @internal
 */
export function wordsIn(exception: any): string {
  try {
    if (typeof exception.message === 'string') return exception.message;
  } catch {
    // It has none.
  }
  return describe(exception);
}

const LONGEST = 60;

/** The value in a few words: enough to recognise it, never its whole content. */
function describe(value: unknown): string {
  if (typeof value === 'string') {
    const shortened = Array.from(value.slice(0, 2 * LONGEST)).slice(0, LONGEST).join('');
    return `'${shortened}${shortened === value ? '' : '…'}'`;
  }
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value) return 'an object';
  return typeof value === 'symbol' ? 'a symbol' : String(value);
}
