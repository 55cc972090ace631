import { Action, Question, type DeepstreamClient as Compiled } from '../../../target/glue/deepstream_wasm.js';
import { checkFunction, checkName, invalid, isThenable, isTime, jsonOf, TIME, wordsIn } from './arguments.js';
import type { RPCResult } from './constants.js';
import { DeepstreamError, type DeepstreamErrorDetails } from './error.js';
import type { Serialisable } from './event.js';
import { report, warn } from './listeners.js';
import { parse, parseJson, type Waiting } from './waiting.js';

/** Who makes a call, as far as the server tells its providers (its options `rpc.provideRequestorName` and `-Data`). */
export interface RPCRequestor {
  /** The user's id. */
  requestorName?: string;
  /** What the server said to the user at the login. */
  requestorData?: any;
}

/**
 * What a provider answers a request through. The last word (`send`, `error` or `reject`) is said once: a second one throws
 * an error with the code `MULTIPLE_RESPONSE`. One that comes after the connection was lost goes to nobody, and is reported
 * through `on('error')` with the code `RESPONSE_DROPPED`.
 */
export interface RPCResponse<Result = any> {
  /**
   * Whether the request is accepted when the provider returns. Set it to `false` before that to call `accept()` later.
   * @defaultValue true
   */
  autoAccept: boolean;
  /** Tells the server that this provider works on it, which it must hear within its `rpc.ackTimeout`. */
  accept(): void;
  /**
   * Leaves the request to another provider.
   * @throws {DeepstreamError} when it was answered already
   */
  reject(): void;
  /**
   * Answers with an error: the call is rejected with the code `REQUEST_ERROR`, and this as `reason`.
   * @throws {DeepstreamError} when it was answered already, or for what `JSON.stringify` throws at
   */
  error(error: any): void;
  /**
   * Answers with a result, and accepts before if that was not done.
   * @throws {DeepstreamError} when it was answered already, or for what `JSON.stringify` throws at
   */
  send(data?: Result): void;
}

/**
 * Answers requests. One that takes only the data answers with what it returns, or with what the promise it returns
 * resolves to. One that takes `response` answers through that, now or later, and may return anything. What either
 * throws, or rejects with, is the answer if there was none: the message of an error, anything else as it is.
 */
export type RPCProvider<Data = any, Result = any> = (
  data: Data,
  response: RPCResponse<Result>,
  requestor: RPCRequestor,
) => Result | PromiseLike<Result> | void;

/**
 * Receives the outcome of a call: `null` and the result, or what went wrong as `@deepstream/client` has it: the name of
 * what happened, such as `'NO_RPC_PROVIDER'`, or what the provider gave as the error.
 */
export type RPCMakeCallback<Result = any> = (error: any, result?: Result) => void;

/** How a call is made. */
export interface RPCMakeOptions {
  /**
   * The time that the outcome may take, in milliseconds, whether there is a connection or not; at most 2147483647. Then the
   * call is rejected: with the code `RESPONSE_TIMEOUT`, or `C.EVENT.CLIENT_OFFLINE` if it was never sent.
   * @defaultValue Infinity
   */
  timeout?: number;
  /** Cancels the call: it is rejected with the signal's reason. A provider that works on it already is not told. */
  signal?: AbortSignal | null;
  /**
   * Whether the call may be executed twice. Then it is made again after a reconnect, where it would be rejected with
   * `OUTCOME_UNKNOWN` otherwise.
   * @defaultValue false
   */
  idempotent?: boolean;
  /**
   * `'durable'` keeps the call in the storage of the option `outbox` until it is made, so that it is made even if the page is
   * gone by then: by the next page of the same user, which reports a failure through `on('error')`, since nobody waits for the
   * result. One that is `idempotent` stays there until its outcome is known. `'memory'` keeps it as long as the page lives.
   * @defaultValue 'memory'
   */
  delivery?: 'durable' | 'memory';
  /**
   * How long a durable call is worth making, in milliseconds, from 1 to 2147483647. Then it is rejected with `OUTBOX_EXPIRED`.
   * It is never made after its `timeout` either.
   * @defaultValue the option `outbox.ttl`
   */
  ttl?: number;
}

/**
 * Calls that one client makes and another answers: `client.rpc`.
 *
 * @example
 * client.rpc.provide('add', ({ a, b }: { a: number; b: number }) => a + b);
 * await client.rpc.make<number>('add', { a: 1, b: 2 }); // 3
 */
export interface RPCHandler {
  /**
   * Answers requests of this name, until `unprovide`. Outlives lost connections. Where several clients provide the same, the
   * server asks one of them.
   * @param name Not empty.
   * @throws {DeepstreamError} for a name that is empty, not a string or provided here already (`MULTIPLE_PROVIDERS`), or
   * a provider that is not a function
   * @example
   * client.rpc.provide('user', async ({ id }: { id: string }) => database.user(id));
   * client.rpc.provide('resize', (image: string, response, { requestorName }) => {
   *   if (isBusy()) response.reject();
   *   else queue.add(image, requestorName, (result) => response.send(result));
   * });
   */
  provide<Data = any, Result = any>(name: string, provider: RPCProvider<Data, Result>): void;

  /**
   * Answers no more requests of this name. Those that came before may still be answered.
   * @throws {DeepstreamError} for a name that is empty or not a string
   * @example
   * client.rpc.unprovide('add');
   */
  unprovide(name: string): void;

  /**
   * The names that this client provides.
   * @example
   * client.rpc.providerNames(); // ['add']
   */
  providerNames(): string[];

  /**
   * Makes a call. Without a connection it waits in memory, and is sent in order once logged in. One that was sent when the
   * connection was lost is not repeated, unless it is `idempotent`. The type of the result is taken at your word.
   * @param data Anything that JSON can say; nothing arrives as `undefined`.
   * @returns The result.
   * @throws {DeepstreamError} at once for a name that is empty or not a string, data that `JSON.stringify` throws at, or
   * options that are wrong. The promise is rejected with the `code`s `NO_RPC_PROVIDER`, `ACCEPT_TIMEOUT`,
   * `RESPONSE_TIMEOUT`, `MESSAGE_DENIED`, `REQUEST_ERROR` (the provider failed; `reason` is what it gave),
   * `OUTCOME_UNKNOWN` (the connection was lost before the answer; it may have been executed), `C.EVENT.CLIENT_OFFLINE`
   * (never sent), `OUTBOX_FULL` (too much waits for the connection), those of receipts if it is durable (`OUTBOX_EXPIRED`,
   * `OUTBOX_CLEARED`, …), `IS_CLOSED`, and with what ended the connection for good.
   * @example
   * const sum = await client.rpc.make<number>('add', { a: 1, b: 2 });
   * const user = await client.rpc.make<User>('user', { id: 'ada' }, { timeout: 5_000, idempotent: true });
   * await client.rpc.make('order', { id: 'a1', apples: 3 }, { delivery: 'durable', idempotent: true });
   */
  make<Result = any, Data = any>(
    name: string,
    data?: Data & Serialisable<Data>,
    options?: RPCMakeOptions | null,
  ): Promise<Result>;
  /**
   * Makes a call, and calls back with the outcome.
   * @example
   * client.rpc.make('add', { a: 1, b: 2 }, (error, sum) => console.log(error ?? sum));
   */
  make<Result = RPCResult, Data = any>(
    name: string,
    data: Data & Serialisable<Data>,
    callback: RPCMakeCallback<Result>,
  ): void;
}

/** Says something about a request. */
type Say = (what: Action.AcceptRequest | Action.RejectRequest | Action.AnswerError | Action.AnswerResult, data?: string) => void;

/** @internal */
export class Rpc implements RPCHandler {
  static readonly name = 'RpcHandler';
  readonly #compiled: Compiled;
  readonly #waiting: Waiting;
  readonly #providers = new Map<string, RPCProvider>();

  constructor(compiled: Compiled, waiting: Waiting) {
    this.#compiled = compiled;
    this.#waiting = waiting;
  }

  provide(name: string, provider: RPCProvider): void {
    checkName('name', name);
    checkFunction('provider', provider);
    // What the server has refused may be provided anew: it is asked again.
    if (this.#providers.has(name) && !this.#compiled.ask(Question.IsRefused, name)) {
      throw new DeepstreamError(`RPC ${name}: provided already`, 'MULTIPLE_PROVIDERS', about(name));
    }
    this.#providers.set(name, provider);
    this.#compiled.command(Action.Provide, name);
  }

  unprovide(name: string): void {
    if (this.#providers.delete(checkName('name', name))) this.#compiled.command(Action.Unprovide, name);
    else warn(`RPC NOT_PROVIDED: ${name}`);
  }

  providerNames(): string[] {
    return [...this.#providers.keys()].sort();
  }

  make(name: string, data?: unknown, optionsOrCallback?: unknown): any {
    checkName('name', name);
    const text = jsonOf('data', data);
    const callback = typeof optionsOrCallback === 'function' ? optionsOrCallback : undefined;
    const { timeout, signal, idempotent, delivery, ttl } = checkOptions(callback ? {} : optionsOrCallback);
    if (signal?.aborted) return rejected(signal.reason);
    const timeoutMs = timeout === Infinity ? undefined : timeout;
    const what = delivery === 'durable' ? Action.MakeDurable : Action.Make;
    const ticket = this.#compiled.command(what, name, text, timeoutMs, idempotent, undefined, ttl);
    if (callback) {
      this.#await(ticket, name, (error, result) => (error ? callback(error.reason) : callback(null, result)));
      return;
    }
    const cancel = (): unknown => this.#compiled.command(Action.Cancel, '', undefined, ticket);
    signal?.addEventListener('abort', cancel);
    const promise = new Promise((resolve, reject) => {
      this.#await(ticket, name, (error, result, isExpected) => {
        signal?.removeEventListener('abort', cancel);
        if (!error) return resolve(result);
        if (isExpected) promise.catch(() => {});
        reject(error.code === 'ABORTED' ? signal!.reason : error);
      });
    });
    return promise;
  }

  #await(ticket: number, name: string, settle: (error: DeepstreamError | null, result: any, isExpected: boolean) => void): void {
    this.#waiting.add(ticket, (error, text, isExpected) => {
      let result: unknown;
      try {
        result = parseJson(text);
      } catch {
        const details = { ...about(name), reason: 'INVALID_MESSAGE_DATA' };
        error = new DeepstreamError(`RPC ${name}: the answer is not JSON`, 'INVALID_MESSAGE_DATA', details);
      }
      settle(error, result, isExpected);
    });
  }

  /** Has the provider answer a request. */
  serve(id: number, name: string, data?: string, requestorName?: string, requestorData?: string): void {
    const say: Say = (what, data) => this.#compiled.command(what, name, data, id);
    const provider = this.#providers.get(name);
    if (!provider) return say(Action.RejectRequest);
    const requestor: RPCRequestor = {};
    if (requestorName !== undefined) requestor.requestorName = requestorName;
    if (requestorData !== undefined) requestor.requestorData = parse(requestorData);
    RpcResponse.serve(new RpcResponse(name, say), provider, data, requestor);
  }

  /** Nobody asks any more. */
  clear(): void {
    this.#providers.clear();
  }
}

/** One request and what the provider says to it. */
class RpcResponse implements RPCResponse {
  static readonly name = 'RpcResponse';
  autoAccept = true;
  readonly #name: string;
  readonly #say: Say;
  #isComplete = false;

  constructor(name: string, say: Say) {
    this.#name = name;
    this.#say = say;
  }

  accept(): void {
    if (!this.#isComplete) this.#say(Action.AcceptRequest);
  }

  reject(): void {
    this.#complete(Action.RejectRequest);
  }

  error(error: unknown): void {
    this.#complete(Action.AnswerError, jsonOf('error', error));
  }

  send(data?: unknown): void {
    this.#complete(Action.AnswerResult, jsonOf('data', data));
  }

  /** Says the last word. */
  #complete(...[what, data]: Parameters<Say>): void {
    if (this.#isComplete) {
      throw new DeepstreamError(`RPC ${this.#name}: answered already`, 'MULTIPLE_RESPONSE', about(this.#name));
    }
    this.#isComplete = true;
    this.#say(what, data);
  }

  /** Has the provider answer. */
  static serve(response: RpcResponse, provider: RPCProvider, text: string | undefined, requestor: RPCRequestor): void {
    let data: unknown;
    try {
      data = parseJson(text);
    } catch {
      return response.#failed('INVALID_MESSAGE_DATA');
    }
    let returned: unknown;
    try {
      returned = provider(data, response, requestor);
    } catch (exception) {
      return response.#failed(exception);
    }
    if (response.autoAccept) response.accept();
    // One that takes `response` answers through it, and what it returns may be anything, such as a timer. One without
    // parameters may have found `response` among its rest parameters.
    const isAnswer = (value: unknown): boolean => provider.length === 1 || (provider.length === 0 && value !== undefined);
    const answer = (value: unknown): void => {
      if (isAnswer(value)) response.#returned(value);
    };
    if (isThenable(returned)) Promise.resolve(returned).then(answer, (exception) => response.#failed(exception));
    else answer(returned);
  }

  /** Answers with what the provider returned, or what its promise resolved to. */
  #returned(value: unknown): void {
    if (this.#isComplete) return;
    try {
      this.#complete(Action.AnswerResult, jsonOf('result', value));
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Answers with what the provider threw, or what its promise was rejected with; the message, where it is an error. */
  #failed(exception: unknown): void {
    if (this.#isComplete) return report(exception);
    let data: string | undefined;
    try {
      data = jsonOf('error', isError(exception) ? exception.message : exception);
    } catch {
      data = JSON.stringify(wordsIn(exception));
    }
    this.#complete(Action.AnswerError, data);
  }
}

/** An error has both: what is no more than data may have a message too. */
function isError(exception: any): exception is Error {
  return typeof exception?.stack === 'string' && typeof exception.message === 'string';
}

function about(name: string): DeepstreamErrorDetails {
  return { topic: 'RPC', subject: name };
}

function rejected(reason: unknown): Promise<never> {
  const promise = Promise.reject(reason);
  promise.catch(() => {});
  return promise;
}

function checkOptions(options: any): RPCMakeOptions {
  if (options === undefined || options === null) return {};
  if (typeof options !== 'object') throw invalid('options', 'an object or a callback', options);
  const check = (name: keyof RPCMakeOptions, expected: string, isRight: (value: any) => boolean): void => {
    const value = options[name];
    if (value !== undefined && !isRight(value)) throw invalid(name, expected, value, 'option');
  };
  check('timeout', `${TIME} from 0 to 2147483647, or Infinity`, (ms) => ms === Infinity || isTime(ms, 0));
  check('signal', 'an AbortSignal', (it) => it === null || (isEventTarget(it) && typeof it.aborted === 'boolean'));
  check('idempotent', 'true or false', (it) => typeof it === 'boolean');
  check('delivery', "'durable' or 'memory'", (it) => it === 'durable' || it === 'memory');
  check('ttl', `${TIME} from 1 to 2147483647`, (ms) => isTime(ms, 1));
  return options;
}

function isEventTarget(value: any): boolean {
  return typeof value.addEventListener === 'function';
}
