import { checkFunction } from './arguments.js';
import { Listeners } from './listeners.js';
import { check, endWith, type SubscribeOptions } from './subscription.js';

/** Anything for the type `string` itself, nothing for a literal: so that misspelled event names do not compile. */
export type OnlyString<Name extends string> = string extends Name ? unknown : never;

/** What tells its listeners about events; `Events` has their names, and what the listeners are called with. */
export interface EventSource<Events> {
  /**
   * Calls the listener whenever this happens.
   * @param scope What `this` is for the listener: the object itself, unless given.
   * @param options A `signal` that does what `off` does with the same arguments, when it is aborted.
   * @throws {DeepstreamError} for a listener that is not a function, or a signal that is none
   */
  on<Name extends keyof Events & string>(
    event: Name,
    listener: Events[Name],
    scope?: unknown,
    options?: SubscribeOptions,
  ): this;
  /** Listens for what is only known by name when the program runs. */
  on<Name extends string>(
    event: Name & OnlyString<Name>,
    listener: Function,
    scope?: unknown,
    options?: SubscribeOptions,
  ): this;

  /** Like `on`, but the listener is called only once. */
  once<Name extends keyof Events & string>(event: Name, listener: Events[Name], scope?: unknown): this;
  /** Listens once for what is only known by name when the program runs. */
  once<Name extends string>(event: Name & OnlyString<Name>, listener: Function, scope?: unknown): this;

  /**
   * Ends what `on` or `once` began with the same arguments. What is left out stands for all: without a listener all
   * listeners of the event go, without an event all there are.
   */
  off(event?: string, listener?: Function, scope?: unknown): this;

  /** Ends what `on` and `once` began with this scope, for all events. */
  removeContext(scope: unknown): void;

  /** Calls the listeners of an event with these details, as if it had happened. */
  emit(event: string, ...details: unknown[]): this;

  /** Whether anybody listens. */
  hasListeners(event: string): boolean;

  /** The names of the events that somebody listens to. */
  eventNames(): string[];
}

/** @internal */
export class Emitter<Events> implements EventSource<Events> {
  readonly #listeners = new Listeners();

  on(event: string, listener: unknown, scope: unknown = this, options?: SubscribeOptions): this {
    check(options?.signal);
    this.#add(event, listener, scope, false);
    endWith(options?.signal, () => this.off(event, listener as Function, scope));
    return this;
  }

  once(event: string, listener: unknown, scope: unknown = this): this {
    return this.#add(event, listener, scope, true);
  }

  off(event?: string, listener?: Function, scope?: unknown): this {
    remove(this.#listeners, event, listener, scope);
    return this;
  }

  removeContext(scope: unknown): void {
    if (scope !== undefined) remove(this.#listeners, undefined, undefined, scope);
  }

  emit(event: string, ...details: unknown[]): this {
    this.tell(event, ...details);
    return this;
  }

  hasListeners(event: string): boolean {
    return this.#listeners.has(event);
  }

  eventNames(): string[] {
    return this.#listeners.names();
  }

  /** Calls the listeners of an event. */
  tell(event: string, ...details: unknown[]): void {
    this.#listeners.tell(event, ...details);
  }

  #add(event: string, listener: unknown, scope: unknown, isOnce: boolean): this {
    this.#listeners.add(event, { call: checkFunction('listener', listener), scope, isOnce });
    this.onListener(event);
    return this;
  }

  /** Somebody listens from now on. */
  protected onListener(_event: string): void {}
}

/**
 * Removes the listeners that match what is given; what is left out stands for all.
 * @internal
 */
export function remove(listeners: Listeners, event?: string, listener?: Function, scope?: unknown): void {
  for (const name of event === undefined ? listeners.names() : [event]) listeners.remove(name, listener, scope);
}
