import { Action, type DeepstreamClient as Compiled } from '../../../target/glue/deepstream_wasm.js';
import { checkFunction, checkName, checkOptionalFunction, invalid, optionalFirst } from './arguments.js';
import { Listeners, warn } from './listeners.js';
import { subscribe, type SubscribeOptions, type Subscription } from './subscription.js';
import { promiseOf, type Waiting } from './waiting.js';

/** The users who are logged in. */
export type QueryResult = string[];

/** Of each user, whether they are logged in. */
export type IndividualQueryResult<User extends string = string> = { [user in User]: boolean };

/** Is told who came (`online` is true) or went. */
export type PresenceCallback = (user: string, online: boolean) => void;

/**
 * Who is logged in: `client.presence`. Users are known by the names that the server gives them at the login.
 *
 * Subscriptions outlive lost connections. When the connection is back, the client asks the server who is there, and tells
 * the subscribers what they have missed: those who came and those who went meanwhile, each once; whoever went and is back
 * is not told of. The option `presenceCatchUp` turns that off.
 *
 * @example
 * const here = new Set(await client.presence.getAll());
 * client.presence.subscribe((user, online) => (online ? here.add(user) : here.delete(user)));
 */
export interface PresenceHandler {
  /**
   * Asks who is logged in. This client's own user is not among them.
   *
   * Without a connection the question waits for it, and one that was on its way when the connection broke is asked again.
   * It is rejected at once with the reason where no connection will come by itself: with `C.EVENT.CLIENT_OFFLINE` while paused,
   * with `IS_CLOSED`, or with what made the client stop trying, such as `MAX_RECONNECTION_ATTEMPTS_REACHED`.
   * @throws {DeepstreamError} (the promise rejects) besides: `MESSAGE_DENIED`, `ACK_TIMEOUT` after `subscriptionTimeout`, and
   * `TOO_MANY_QUERIES` for the next after a thousand that wait
   * @example
   * const users = await client.presence.getAll(); // ['bob', 'cat']
   */
  getAll(): Promise<QueryResult>;
  /**
   * Asks which of these users are logged in. This client's own user may be one of them.
   * @throws {DeepstreamError} at once for users that are not an array of strings; the promise rejects as above, with
   * `MESSAGE_DENIED` if any of the users may not be asked for
   * @example
   * const { bob } = await client.presence.getAll(['bob', 'cat']); // true
   */
  getAll<const User extends string>(users: readonly User[]): Promise<IndividualQueryResult<User>>;
  /**
   * Asks who is logged in, and calls back: with a code such as `'MESSAGE_DENIED'`, or with `null` and the users.
   * @example
   * client.presence.getAll((error, users) => (error ? warn(error) : show(users)));
   */
  getAll<Failure = any>(callback: (error: Failure, users?: QueryResult) => void): void;
  /** Asks which of these users are logged in, and calls back. */
  getAll<Failure = any>(
    users: readonly string[] | undefined,
    callback: (error: Failure, users?: IndividualQueryResult) => void,
  ): void;

  /**
   * Calls back whenever a user comes or goes: at the first connection with their name, and after the last. Those who are
   * there already are not told of; `getAll` knows them.
   * @returns What ends this subscription, if it is not left to `unsubscribe`.
   * @throws {DeepstreamError} for a callback that is not a function, or a signal that is none
   * @example
   * client.presence.subscribe((user, online) => console.log(user, online ? 'is here' : 'has left'));
   */
  subscribe(callback: PresenceCallback, options?: SubscribeOptions): Subscription;
  /**
   * Calls back whenever this user comes or goes.
   * @param user Not empty.
   * @returns What ends this subscription, if it is not left to `unsubscribe`.
   * @throws {DeepstreamError} for a user that is empty or not a string, a callback that is not a function, or a signal that
   * is none
   * @example
   * const controller = new AbortController();
   * client.presence.subscribe('bob', (user, online) => light(online), { signal: controller.signal });
   * controller.abort(); // as unsubscribe does
   */
  subscribe(user: string | undefined, callback: PresenceCallback, options?: SubscribeOptions): Subscription;

  /**
   * Ends all subscriptions, those to single users and those to all.
   * @example
   * client.presence.unsubscribe();
   */
  unsubscribe(): void;
  /**
   * Ends what `subscribe` began with the same callback, for all users.
   * @throws {DeepstreamError} for a callback that is not a function
   * @example
   * client.presence.unsubscribe(show);
   */
  unsubscribe(callback: PresenceCallback): void;
  /**
   * Ends what `subscribe` began with the same user and callback; without a callback, all subscriptions to this user.
   * @throws {DeepstreamError} for a user that is empty or not a string, or a callback that is not a function
   * @example
   * client.presence.unsubscribe('bob', show);
   */
  unsubscribe(user: string | undefined, callback?: PresenceCallback): void;
}

/** The name of all users among the subscribers; no user has an empty one. */
const EVERYONE = '';

/** @internal */
export class Presence implements PresenceHandler {
  static readonly name = 'PresenceHandler';
  readonly #compiled: Compiled;
  readonly #waiting: Waiting;
  /** By user. */
  readonly #subscribers = new Listeners((name) => this.#compiled.command(Action.UnsubscribePresence, name));

  constructor(compiled: Compiled, waiting: Waiting) {
    this.#compiled = compiled;
    this.#waiting = waiting;
  }

  getAll(users?: unknown, callback?: unknown): any {
    const [asked, given] = optionalFirst([users, callback]);
    const told = checkOptionalFunction('callback', given);
    const list = checkUsers(asked);
    const ticket = this.#compiled.command(Action.QueryPresence, '', undefined, undefined, undefined, undefined, undefined, list);
    if (!told) return promiseOf(this.#waiting, ticket);
    this.#waiting.addDone(ticket, (error, value) => (error ? told(error.reason) : told(null, value)));
  }

  subscribe(callback: PresenceCallback, options?: SubscribeOptions): Subscription;
  subscribe(user: string | undefined, callback: PresenceCallback, options?: SubscribeOptions): Subscription;
  subscribe(...given: unknown[]): Subscription {
    const [user, callback, options] = optionalFirst(given);
    return subscribe(options?.signal, (onRemoved) => {
      const name = nameOf(user);
      const end = this.#subscribers.add(name, { call: checkFunction('callback', callback), onRemoved });
      // Not the first time alone: what the server has refused is then asked for again.
      this.#compiled.command(Action.SubscribePresence, name);
      return end;
    });
  }

  unsubscribe(...given: unknown[]): void {
    const [user, callback] = optionalFirst(given);
    if (user === undefined && callback === undefined) {
      for (const name of this.#subscribers.names()) this.#subscribers.remove(name);
      return;
    }
    const name = nameOf(user);
    const call = checkOptionalFunction('callback', callback);
    if (this.#subscribers.has(name)) this.#subscribers.remove(name, call);
    else warn(`PRESENCE NOT_SUBSCRIBED: ${name || 'all users'}`);
  }

  /** Somebody came or went. */
  changed(user: string, online: boolean, isForAll: boolean): void {
    this.#subscribers.tell(isForAll ? EVERYONE : user, user, online);
  }

  clear(): void {
    this.#subscribers.clear();
  }

}

function checkUsers(users: unknown): string[] | undefined {
  if (users === undefined) return undefined;
  const wrong = Array.isArray(users) ? users.filter((user) => typeof user !== 'string') : [users];
  if (wrong.length > 0) throw invalid('users', 'an array of strings', wrong[0]);
  return users as string[];
}

function nameOf(user: unknown): string {
  return user === undefined ? EVERYONE : checkName('user', user);
}
