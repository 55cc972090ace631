/** @internal */
export interface Listener {
  readonly call: Function;
  /** What `this` is for the function. */
  readonly scope?: unknown;
  readonly isOnce?: boolean;
  /** Called when it is removed, however that comes. */
  readonly onRemoved?: (() => void) | undefined;
}

/**
 * Functions of the application by name, called in the order in which they came. One that is added while they are called is
 * called from the next time on; one that is removed is not called any more.
 * @internal
 */
export class Listeners<Its extends Listener = Listener> {
  /** A list is replaced when something is removed: so `tell` notices. */
  readonly #byName = new Map<string, Its[]>();
  readonly #onNoneLeft: ((name: string) => void) | undefined;

  /** @param onNoneLeft Called with a name when the last listener that it had was removed. */
  constructor(onNoneLeft?: (name: string) => void) {
    this.#onNoneLeft = onNoneLeft;
  }

  /** Returns how to remove it. */
  add(name: string, listener: Its): () => void {
    const listeners = this.#byName.get(name);
    if (listeners) listeners.push(listener);
    else this.#byName.set(name, [listener]);
    return () => this.#remove(name, (its) => its === listener);
  }

  /** Removes those that match what is given; what is left out stands for all. */
  remove(name: string, call?: Function, scope?: unknown): void {
    this.#remove(
      name,
      (its) => (call === undefined || call === its.call) && (scope === undefined || scope === its.scope),
    );
  }

  #remove(name: string, isMeant: (listener: Its) => boolean): void {
    const before = this.#byName.get(name);
    if (!before) return;
    const [rest, removed]: [Its[], Its[]] = [[], []];
    for (const listener of before) (isMeant(listener) ? removed : rest).push(listener);
    if (rest.length > 0) this.#byName.set(name, rest);
    else this.#byName.delete(name);
    for (const listener of removed) listener.onRemoved?.();
    // Whoever was told may have added another.
    if (rest.length === 0 && !this.has(name)) this.#onNoneLeft?.(name);
  }

  /** Those of a name now. */
  of(name: string): Its[] {
    return [...(this.#byName.get(name) ?? [])];
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  names(): string[] {
    return [...this.#byName.keys()];
  }

  clear(): void {
    const all = [...this.#byName.values()].flat();
    this.#byName.clear();
    for (const listener of all) listener.onRemoved?.();
  }

  /** Calls those of a name with these details; says whether there were any. */
  tell(name: string, ...details: unknown[]): boolean {
    const listeners = this.#byName.get(name);
    // Not those that are added on the way.
    for (const listener of this.of(name)) {
      // Another one may have removed it.
      const now = this.#byName.get(name);
      if (now !== listeners && !now?.includes(listener)) continue;
      if (listener.isOnce) this.#remove(name, (its) => its === listener);
      callSafely(() => listener.call.apply(listener.scope, details));
    }
    return !!listeners;
  }
}

/**
 * Calls something of the application's. What it throws is reported as in any event listener, and stops nothing.
 * @internal
 */
export function callSafely(call: () => unknown): void {
  try {
    call();
  } catch (exception) {
    report(exception);
  }
}

/**
 * Has the application's global error handling see what was thrown.
 * @internal
 */
export function report(exception: unknown): void {
  if (typeof reportError === 'function') reportError(exception);
  else console.error(exception);
}

/**
 * Tells about something odd that is no failure.
 * @internal
 */
export function warn(message: string): void {
  console.warn(`deepstream: ${message}`);
}
