import { Action, type DeepstreamClient as Compiled } from '../../../target/glue/deepstream_wasm.js';
import { checkFunction, checkName, checkOptionalFunction, jsonOf } from './arguments.js';
import type { EventData, JSONValue } from './constants.js';
import { checkDelivery } from './delivery.js';
import { Listens, type ListenCallback } from './listen.js';
import { Listeners, warn } from './listeners.js';
import { BufferedStream, type EventStream, type StreamOptions } from './stream.js';
import { subscribe, type SubscribeOptions, type Subscription } from './subscription.js';
import type { EmitOptions } from './outbox.js';
import { parseJson, promiseOf, type Waiting } from './waiting.js';

/**
 * `Data` if `JSON.stringify` keeps all of it, else `never`: no functions, symbols, bigints, `Map`s or other objects with
 * methods, unless they have a `toJSON`. Interfaces will do. What wraps a method that takes data takes this, and says so.
 *
 * @example
 * function publish<Data>(name: string, data: Data & Serialisable<Data>) {
 *   client.event.emit<Data>(name, data);
 * }
 */
export type Serialisable<Data> = unknown extends Data
  ? Data
  : Data extends JSONValue | undefined
    ? Data
    : Data extends { toJSON(): unknown }
      ? Data
      : Data extends ((...parameters: any[]) => unknown) | symbol | bigint
        ? never
        : { [Key in keyof Data]: Serialisable<Data[Key]> };

/**
 * Messages to everybody who subscribed to their name: `client.event`.
 *
 * @example
 * client.event.subscribe<Quote>('quotes/ACME', (quote) => show(quote.price));
 * client.event.emit('quotes/ACME', { price: 12.5 });
 */
export interface EventHandler {
  /**
   * Calls back for every event of this name, emitted by this client or any other. Subscriptions outlive lost connections.
   * The type of the data is taken at your word: what others emit is not checked.
   * @param name Not empty.
   * @returns What ends this subscription, if it is not left to `unsubscribe`.
   * @throws {DeepstreamError} for a name that is empty or not a string, a callback that is not a function, or a signal that is
   * none
   * @example
   * client.event.subscribe<{ text: string }>('news', ({ text }) => console.log(text));
   * client.event.subscribe('news', show, { signal: AbortSignal.timeout(60_000) });
   */
  subscribe<Data = EventData>(name: string, callback: (data: Data) => void, options?: SubscribeOptions): Subscription;

  /**
   * Ends what `subscribe` began with the same name and callback; without a callback, all subscriptions of this name.
   * @throws {DeepstreamError} for a name that is empty or not a string, or a callback that is not a function
   * @example
   * client.event.unsubscribe('news', show);
   */
  unsubscribe<Data = EventData>(name: string, callback?: (data: Data) => void): void;

  /**
   * Sends an event to all other clients that subscribed to its name, and calls this client's own subscribers at once.
   * Until the server has it, it waits in `client.outbox`, and is sent in order once logged in.
   * @param data Anything that JSON can say; nothing arrives as `undefined`.
   * @throws {DeepstreamError} for a name that is empty or not a string, data that `JSON.stringify` throws at, such as a cycle,
   * or options that are wrong
   * @example
   * client.event.emit('news', { text: 'It is raining.' });
   */
  emit(name: string): void;
  /** Sends an event that carries data. */
  emit<Data>(name: string, data: Data & Serialisable<Data>): void;
  /**
   * Sends an event, and tells what becomes of it.
   * @returns Resolves when the server has it.
   * @throws {DeepstreamError} (the promise rejects) with a `code` that says why it will not be sent, or why nothing more can be
   * said for now, and an `outcome`: see {@link ReceiptOutcome}
   * @example
   * try {
   *   await client.event.emit('orders', order, { key: order.id, receipt: true });
   * } catch (error) {
   *   if (error.outcome !== 'kept') showNotSent(order, error.code);
   * }
   */
  emit<Data>(
    name: string,
    data: (Data & Serialisable<Data>) | undefined,
    options: EmitOptions & { receipt: true },
  ): Promise<'delivered'>;
  /**
   * Sends an event with options of its own.
   * @example
   * client.event.emit('cursor', position, { delivery: 'drop' });
   */
  emit<Data>(
    name: string,
    data: (Data & Serialisable<Data>) | undefined,
    options: EmitOptions & { receipt?: false },
  ): void;

  /**
   * The events of a name, one after the other. It is subscribed to at once. Those that arrive while the reader is busy wait,
   * up to `maxBuffered` (1000); then the oldest are dropped, which is counted in `dropped` and reported as an error called
   * `STREAM_OVERFLOW` each time the reader falls behind.
   * @throws {DeepstreamError} for a name that is empty or not a string, or options that are wrong
   * @example
   * for await (const quote of client.event.stream<Quote>('quotes/ACME', { signal })) await show(quote);
   */
  stream<Data = EventData>(name: string, options?: StreamOptions): EventStream<Data>;

  /**
   * Asks the callback about every name that somebody subscribes to, this client included, and that matches the pattern:
   * whether this client provides it. So data need only be produced while somebody wants it. Listening outlives lost
   * connections.
   * @param pattern A regular expression, in the server's language (JavaScript). The server reports one that is none as
   * `INVALID_LISTEN_REGEX`. To a pattern that is listened to already nothing is added; the console says `LISTENER_EXISTS`.
   * @throws {DeepstreamError} for a pattern that is empty or not a string, or a callback that is not a function
   * @example
   * client.event.listen('^quotes/', (name, response) => {
   *   const timer = setInterval(() => client.event.emit(name, quoteOf(name)), 1000);
   *   response.onStop(() => clearInterval(timer));
   *   response.accept();
   * });
   */
  listen(pattern: string, callback: ListenCallback): void;

  /**
   * Ends what `listen` began. What was accepted ends too, so `onStop` is called.
   * @throws {DeepstreamError} for a pattern that is empty or not a string
   * @example
   * client.event.unlisten('^quotes/');
   */
  unlisten(pattern: string): void;

  /**
   * The names that this client has subscribers for.
   * @example
   * client.event.eventNames(); // ['news']
   */
  eventNames(): string[];
}

/** @internal */
export class Events implements EventHandler {
  static readonly name = 'EventHandler';
  readonly listens: Listens;
  readonly #compiled: Compiled;
  readonly #waiting: Waiting;
  readonly #subscribers = new Listeners((name) => this.#compiled.command(Action.Unsubscribe, name));
  /**
   * By the number that the WebAssembly side has for a name: so none need cross with every event. Each is here until another one
   * gets its number.
   */
  readonly #names: string[] = [];

  constructor(compiled: Compiled, waiting: Waiting) {
    this.listens = new Listens('EVENT', compiled);
    this.#compiled = compiled;
    this.#waiting = waiting;
  }

  subscribe<Data = EventData>(
    name: string,
    callback: (data: Data) => void,
    options?: SubscribeOptions,
  ): Subscription {
    return subscribe(options?.signal, (onRemoved) => this.#begin(name, callback, onRemoved));
  }

  unsubscribe<Data = EventData>(name: string, callback?: (data: Data) => void): void {
    checkName('name', name);
    const call = checkOptionalFunction('callback', callback);
    if (this.#subscribers.has(name)) this.#subscribers.remove(name, call);
    else warn(`EVENT NOT_SUBSCRIBED: ${name}`);
  }

  emit(name: string, data?: unknown, options?: EmitOptions): any {
    checkName('name', name);
    const text = jsonOf('data', data);
    const { delivery, ttl, key, receipt } = checkDelivery(options, true);
    const ticket = this.#compiled.command(Action.Emit, name, text, delivery, receipt, key, ttl);
    const promise = receipt ? promiseOf(this.#waiting, ticket, true) : undefined;
    this.#subscribers.tell(name, data);
    return promise;
  }

  stream<Data = EventData>(name: string, options?: StreamOptions): EventStream<Data> {
    return new BufferedStream<Data>(
      {
        begin: (onEvent, onRemoved) => this.#begin(name, onEvent, onRemoved),
        reportOverflow: () => this.#compiled.command(Action.ReportOverflow, name),
      },
      options,
    );
  }

  listen(pattern: string, callback: ListenCallback): void {
    this.listens.listen(pattern, callback);
  }

  unlisten(pattern: string): void {
    this.listens.unlisten(pattern);
  }

  eventNames(): string[] {
    return this.#subscribers.names().sort();
  }

  /** An event has come. */
  arrived(number: number, text: string | undefined): void {
    const name = this.#names[number]!;
    let data: unknown;
    try {
      data = parseJson(text);
    } catch {
      this.#compiled.command(Action.ReportInvalid, name);
      return;
    }
    this.#subscribers.tell(name, data);
  }

  clear(): void {
    this.#subscribers.clear();
    this.#names.length = 0;
    this.listens.clear();
  }

  #begin<Data>(name: string, callback: (data: Data) => void, onRemoved: (() => void) | undefined): () => void {
    checkName('name', name);
    const end = this.#subscribers.add(name, { call: checkFunction('callback', callback), onRemoved });
    // Not the first time alone: a name that the server has refused is then asked for again.
    this.#names[this.#compiled.command(Action.Subscribe, name)] = name;
    return end;
  }
}
