import type { EventData, JSONValue } from './constants.js';
import type { EmitOptions } from './outbox.js';

/**
 * `Data` if `JSON.stringify` keeps all of it, else `never`: no functions, symbols, bigints, `Map`s or other objects with
 * methods, unless they have a `toJSON`.
 */
export type Serialisable<Data> = Data extends JSONValue | undefined
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
   * @throws {DeepstreamError} for a name that is empty or not a string, or a callback that is not a function
   * @example
   * client.event.subscribe<{ text: string }>('news', ({ text }) => console.log(text));
   */
  subscribe<Data = EventData>(name: string, callback: (data: Data) => void): void;

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
   * The names that this client has subscribers for.
   * @example
   * client.event.eventNames(); // ['news']
   */
  eventNames(): string[];
}
