// Arguments of the application, checked at the call. Types and documentation: arguments.d.ts. Plain JavaScript, because the
// WebAssembly side imports this file as it is.
import { DeepstreamError } from './error.js';

export function invalid(name, expected, value, what = 'argument') {
  const code = what === 'option' ? 'INVALID_OPTION' : 'INVALID_ARGUMENT';
  return new DeepstreamError(`invalid ${what} ${name}: expected ${expected}, got ${describe(value)}`, code);
}

export function checkName(name, value) {
  if (typeof value === 'string' && value) return value;
  throw invalid(name, 'a non-empty string', value);
}

export function checkFunction(name, value) {
  if (typeof value === 'function') return value;
  throw invalid(name, 'a function', value);
}

export function checkOptionalFunction(name, value) {
  return value === undefined || value === null ? undefined : checkFunction(name, value);
}

export function optionalFirst(given) {
  return typeof given[0] === 'function' ? [undefined, ...given] : given;
}

export const TIME = 'a number of milliseconds';

export function isTime(value, least) {
  return typeof value === 'number' && value >= least && value <= 0x7fffffff;
}

export function jsonOf(name, value) {
  if (value === undefined) return undefined;
  let text;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    const message = `invalid argument ${name}: expected what JSON can say: ${wordsIn(cause)}`;
    throw new DeepstreamError(message, 'INVALID_ARGUMENT', { cause });
  }
  if (text === undefined) throw invalid(name, 'what JSON can say', value);
  return text;
}

export function loginParams(params) {
  if (params === undefined || params === null) return undefined;
  const text = typeof params === 'object' ? jsonOf('params', params) : undefined;
  if (text?.startsWith('{')) return text;
  throw invalid('params', 'an object or a callback', params);
}

export function wordsIn(exception) {
  try {
    if (typeof exception.message === 'string') return exception.message;
  } catch {
    // It has none.
  }
  return describe(exception);
}

export function isThenable(value) {
  try {
    return typeof value === 'object' && typeof value?.then === 'function';
  } catch {
    return false;
  }
}

const LONGEST = 60;

/** The value in a few words: enough to recognise it, never its whole content. */
function describe(value) {
  if (typeof value === 'string') {
    const shortened = Array.from(value.slice(0, 2 * LONGEST)).slice(0, LONGEST).join('');
    return `'${shortened}${shortened === value ? '' : '…'}'`;
  }
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value) return 'an object';
  return typeof value === 'symbol' ? 'a symbol' : String(value);
}
