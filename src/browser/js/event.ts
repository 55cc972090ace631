import type { EventData, JSONValue } from './constants.js';

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
   * While there is no connection events wait in memory, and are sent in order once logged in.
   * @param data Anything that JSON can say; nothing arrives as `undefined`.
   * @throws {DeepstreamError} for a name that is empty or not a string, or data that `JSON.stringify` throws at, such as a cycle
   * @example
   * client.event.emit('news', { text: 'It is raining.' });
   */
  emit(name: string): void;
  /** Sends an event that carries data. */
  emit<Data>(name: string, data: Data & Serialisable<Data>): void;

  /**
   * The names that this client has subscribers for.
   * @example
   * client.event.eventNames(); // ['news']
   */
  eventNames(): string[];
}
