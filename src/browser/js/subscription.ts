/// <reference lib="esnext.disposable" preserve="true" />
import { invalid } from './arguments.js';

/** How a subscription may be made. */
export interface SubscribeOptions {
  /** Ends the subscription when it is aborted. */
  signal?: AbortSignal | undefined;
}

/**
 * What `subscribe` began. It need not be kept: `unsubscribe` with the same name and callback ends it as well.
 *
 * @example
 * using subscription = client.event.subscribe('news', show); // ends with the block
 */
export interface Subscription extends Disposable {
  /** Ends it, and no other with the same name and callback. May be called any number of times. */
  unsubscribe(): void;
}

/**
 * Begins a subscription that a signal may end.
 * @param begin Gets what is to be called when the subscription has ended by itself, if anything; returns how to end it.
 * @internal
 */
export function subscribe(
  signal: AbortSignal | undefined,
  begin: (onRemoved: (() => void) | undefined) => () => void,
): Subscription {
  check(signal);
  if (!signal) return new EndableSubscription(begin(undefined));
  let hasEnded = false;
  const unsubscribe = (): void => end();
  const onRemoved = (): void => {
    hasEnded = true;
    signal.removeEventListener('abort', unsubscribe);
  };
  const end = begin(onRemoved);
  if (!hasEnded) endWith(signal, unsubscribe);
  return new EndableSubscription(unsubscribe);
}

/**
 * Has a signal end what has begun.
 * @param signal What `check` has let pass.
 * @internal
 */
export function endWith(signal: AbortSignal | undefined, end: () => unknown): void {
  if (signal?.aborted) end();
  else signal?.addEventListener('abort', end, { once: true });
}

/** @internal */
export function check(signal: AbortSignal | undefined): void {
  if (signal === undefined || typeof signal?.addEventListener === 'function') return;
  throw invalid('signal', 'an AbortSignal', signal);
}

class EndableSubscription implements Subscription {
  declare [Symbol.dispose]: () => void;

  constructor(readonly unsubscribe: () => void) {}
}

defineDisposal(EndableSubscription.prototype, 'unsubscribe');

/**
 * Lets `using` and `await using` end what the objects with this prototype stand for, where the engine knows of them.
 * @internal
 */
export function defineDisposal<Name extends string>(prototype: { [name in Name]: () => unknown }, end: Name): void {
  const define = (symbol: symbol | undefined, value: Function): void => {
    if (symbol) Object.defineProperty(prototype, symbol, { value, configurable: true, writable: true });
  };
  define(Symbol.dispose, function (this: typeof prototype) {
    this[end]();
  });
  define(Symbol.asyncDispose, async function (this: typeof prototype) {
    this[end]();
  });
}
