import { invalid } from './arguments.js';
import { callSafely } from './listeners.js';
import type { MergeCompleteCallback, MergeStrategy } from './options.js';
import type { RecordData } from './constants.js';

/** What the server has; what was written here is lost, and told with the event `conflict` and an error. */
export const REMOTE_WINS: MergeStrategy = (_localValue, _localVersion, remoteValue, _remoteVersion, callback) =>
  callback(null, remoteValue);

/** What is here, as a whole. */
export const LOCAL_WINS: MergeStrategy = (localValue, _localVersion, _remoteValue, _remoteVersion, callback) =>
  callback(null, localValue);

const preferRemote = structural();
const preferLocal = structural();

/** How {@link threeWay} decides. */
export interface ThreeWayOptions {
  /**
   * Whose change counts where both sides have changed the same value.
   * @defaultValue 'remote'
   */
  prefer?: 'local' | 'remote';
}

/**
 * Keeps the changes of both sides since the last version that both had: of objects member by member, of arrays of different
 * strings as lists, of other arrays element by element where none was added, removed or moved, of anything else as a whole.
 * Only where both have changed the same is one lost, and told with the event `conflict`.
 * @throws {DeepstreamError} for a side that there is not
 * @example
 * client.record.setMergeStrategy('note', threeWay({ prefer: 'local' }));
 */
export function threeWay({ prefer = 'remote' }: ThreeWayOptions = {}): MergeStrategy {
  if (prefer === 'remote') return preferRemote;
  if (prefer === 'local') return preferLocal;
  throw invalid('prefer', "'local' or 'remote'", prefer);
}

/**
 * Ways to settle it when a record was changed here and elsewhere at the same time: for the option `mergeStrategy`,
 * `client.record.setMergeStrategy` and `record.setMergeStrategy`.
 *
 * @example
 * const client = new DeepstreamClient(url, { mergeStrategy: MERGE_STRATEGIES.THREE_WAY });
 */
export const MERGE_STRATEGIES = Object.freeze({
  /** What the server has; what was written here is lost. */
  REMOTE_WINS,
  /** What is here, as a whole. */
  LOCAL_WINS,
  /** Both sides' changes; where both have changed the same, the server's. See {@link threeWay}. */
  THREE_WAY: preferRemote,
});

/** In the order in which the WebAssembly side numbers them. */
const known: readonly MergeStrategy[] = [REMOTE_WINS, LOCAL_WINS, preferRemote, preferLocal];

/**
 * Which strategy each record has.
 * @internal
 */
export class Strategies {
  readonly #byName = new Map<string, MergeStrategy>();
  readonly #byPattern = new Map<RegExp, MergeStrategy>();
  readonly #default: MergeStrategy;

  constructor(standard: MergeStrategy = REMOTE_WINS) {
    this.#default = standard;
  }

  set(key: string | RegExp, strategy: MergeStrategy): void {
    if (typeof key === 'string') this.#byName.set(key, strategy);
    else this.#byPattern.set(key, strategy);
  }

  of(name: string): MergeStrategy {
    const own = this.#byName.get(name);
    if (own) return own;
    for (const [pattern, strategy] of this.#byPattern) {
      // One with the flag g or y would go on where it last stopped.
      pattern.lastIndex = 0;
      if (pattern.test(name)) return strategy;
    }
    return this.#default;
  }

  /** The number by which the WebAssembly side knows it. */
  numberOf(name: string): number {
    const position = known.indexOf(this.of(name));
    return position < 0 ? known.length : position;
  }
}

/**
 * One side of a conflict; `null` and -1 stand for a record that was deleted.
 * @internal
 */
export type Contender = readonly [value: RecordData, version: number];

/**
 * Has a function of the application settle a conflict. Only its first answer counts.
 * @param answer Gets JSON text, or nothing to delete the record.
 * @internal
 */
export function settle(
  strategy: MergeStrategy,
  [localValue, localVersion]: Contender,
  [remoteValue, remoteVersion]: Contender,
  answer: (text: string | undefined) => void,
  fail: (words: string) => void,
): void {
  const mayDelete = localValue === null || remoteValue === null;
  let isAnswered = false;
  const once = (error: unknown, merged?: RecordData): void => {
    if (isAnswered) return;
    isAnswered = true;
    if (error !== null && error !== undefined) return fail(wordsOf(error));
    if (mayDelete && (merged === null || merged === undefined)) return answer(undefined);
    let text: string | undefined;
    try {
      text = JSON.stringify(merged);
    } catch (exception) {
      return fail(wordsOf(exception));
    }
    if (text?.startsWith('{') || text?.startsWith('[')) answer(text);
    else fail('the merged data is neither an object nor an array');
  };
  callSafely(() => {
    try {
      const returned: unknown = strategy(localValue, localVersion, remoteValue, remoteVersion, once as MergeCompleteCallback);
      if (typeof (returned as PromiseLike<unknown> | undefined)?.then === 'function') {
        (returned as PromiseLike<unknown>).then(undefined, (reason) => once(reason ?? 'it rejected with nothing'));
      }
    } catch (exception) {
      once(exception ?? 'it threw nothing');
      throw exception;
    }
  });
}

function wordsOf(error: unknown): string {
  return String((error as Partial<Error> | null)?.message ?? error);
}

/** A strategy that the client carries out itself, knowing the last version that both sides had. */
function structural(): MergeStrategy {
  return (_localValue, _localVersion, _remoteValue, _remoteVersion, callback) =>
    callback('a three-way merge cannot be called, only be given as the strategy', null);
}
