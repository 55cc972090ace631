import type { TestRecord, TestRequest, TestServerOptions } from './testing.js';
import type { Connection } from './testing-network.js';
import { AUTH, CONNECTION, EVENT, PRESENCE, RECORD, RPC, type Message } from './testing-wire.js';

/** What is said in several topics, by number. */
const numbers = {
  [EVENT]: {
    denied: 104,
    subscribe: 3,
    unsubscribe: 4,
    repeated: 106,
    listen: 5,
    unlisten: 6,
    accept: 7,
    reject: 8,
    found: 11,
    removed: 12,
    invalidRegex: 100,
  },
  [RECORD]: {
    denied: 115,
    subscribe: 25,
    unsubscribe: 26,
    repeated: 117,
    listen: 27,
    unlisten: 28,
    accept: 29,
    reject: 30,
    found: 33,
    removed: 34,
    invalidRegex: 110,
  },
  [RPC]: { denied: 107, subscribe: 8, unsubscribe: 9, repeated: 109 },
  [PRESENCE]: { denied: 102, subscribe: 10, unsubscribe: 11, repeated: 103 },
};

type Permit = NonNullable<TestServerOptions['permit']>;
type Right = Pick<TestRequest, 'topic' | 'action'>;

/** Milliseconds after which the server leaves whoever failed to log in too often. */
const FAREWELL_MS = 10;
const MOST_LOGINS = 3;

/** All that a server does with what it is told. It answers at once: there is no storage to be waited for. */
export class TestTopics {
  readonly records: RecordTopic;
  readonly #events: EventTopic;
  readonly #rpcs: RpcTopic;
  readonly #presence: PresenceTopic;
  readonly #login: NonNullable<TestServerOptions['login']>;

  constructor(options: TestServerOptions) {
    const permit = options.permit ?? (() => true);
    this.#login = options.login ?? (() => undefined);
    this.#events = new EventTopic(EVENT, permit);
    this.records = new RecordTopic(RECORD, permit);
    this.#rpcs = new RpcTopic(permit, options);
    this.#presence = new PresenceTopic(permit);
  }

  onMessage(connection: Connection, message: Message): void {
    const { topic, action } = message;
    if (topic === CONNECTION) return this.#onConnection(connection, action);
    if (topic === AUTH) return this.#onLogin(connection, message);
    if (connection.user === null) return;
    if (topic === EVENT) this.#events.onMessage(connection, message);
    else if (topic === RECORD) this.records.onMessage(connection, message);
    else if (topic === RPC) this.#rpcs.onMessage(connection, message);
    else if (topic === PRESENCE) this.#presence.onMessage(connection, message);
  }

  onClosed(connection: Connection): void {
    const { user } = connection;
    connection.user = null;
    this.#presence.subscribers.leave(connection);
    if (user !== null) this.#presence.onLogout(user);
    this.#events.onClosed(connection);
    this.records.onClosed(connection);
    this.#rpcs.providers.leave(connection);
  }

  #onConnection(connection: Connection, action: number): void {
    const [PING, PONG, ACCEPT, CHALLENGE] = [2, 3, 4, 5];
    if (action === CHALLENGE) connection.say({ topic: CONNECTION, action: ACCEPT });
    // Who is not logged in is not answered.
    if (action === PING && connection.user !== null) connection.say({ topic: CONNECTION, action: PONG });
  }

  #onLogin(connection: Connection, { data }: Message): void {
    const [SUCCESSFUL, UNSUCCESSFUL, TOO_MANY] = [3, 4, 100];
    const details = JSON.parse(data ?? '{}');
    const clientData = this.#login(details);
    if (clientData !== false) {
      connection.user = typeof details.username === 'string' ? details.username : 'OPEN';
      connection.say({ topic: AUTH, action: SUCCESSFUL, data: clientData && JSON.stringify(clientData) });
      return this.#presence.onLogin(connection.user!);
    }
    connection.say({ topic: AUTH, action: UNSUCCESSFUL });
    connection.failedLogins += 1;
    if (connection.failedLogins < MOST_LOGINS) return;
    connection.say({ topic: AUTH, action: TOO_MANY });
    setTimeout(() => connection.end(1005), FAREWELL_MS);
  }
}

/** Who is subscribed to what. */
class Subscribers {
  readonly #byName = new Map<string, Set<Connection>>();

  /** Whether it was not subscribed. */
  add(connection: Connection, name: string): boolean {
    const all = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, all);
    return all.size < all.add(connection).size;
  }

  /** Whether it was the last one. */
  remove(connection: Connection, name: string): boolean {
    const all = this.#byName.get(name);
    if (!all?.delete(connection)) return false;
    if (all.size === 0) this.#byName.delete(name);
    return all.size === 0;
  }

  of(name: string): Connection[] {
    return [...(this.#byName.get(name) ?? [])];
  }

  names(of?: Connection): string[] {
    return [...this.#byName].flatMap(([name, all]) => (!of || all.has(of) ? [name] : []));
  }

  leave(connection: Connection): void {
    for (const name of this.names(connection)) this.remove(connection, name);
  }
}

/** Answers what may not be done; says whether it may. */
function permits(permit: Permit, connection: Connection, message: Message, right: Right, name: string): boolean {
  if (permit({ user: connection.user ?? '', name, ...right })) return true;
  const { topic, action, correlationId, isWriteAck } = message;
  const { denied } = numbers[topic as keyof typeof numbers];
  const named = name ? { name } : {};
  connection.say({ topic, action: denied, isError: true, correlationId, originalAction: action, isWriteAck, ...named });
  return false;
}

/**
 * The names that may be used. For each that may not, the server takes the last one off the list, whichever that is, and
 * does not look at it: clients must live with that.
 */
function permittedNames(permit: Permit, connection: Connection, message: Message, right: Right): string[] {
  const names = [...(message.names ?? [])];
  for (let index = 0; index < names.length; index += 1) {
    if (!permits(permit, connection, message, right, names[index]!)) names.pop();
  }
  return names;
}

const repeated = (connection: Connection, topic: keyof typeof numbers, name: string, action: number): void =>
  connection.say({ topic, action: numbers[topic].repeated, name, originalAction: action });

interface Listener {
  readonly connection: Connection;
  readonly pattern: string;
}

/**
 * Those who provide what others subscribe to, of events or records. One after the other is asked, in the order in which
 * they came.
 */
class Listeners {
  #all: (Listener & { readonly expression: RegExp })[] = [];
  readonly #providers = new Map<string, Listener>();
  readonly #searches = new Map<string, Listener[]>();

  constructor(
    readonly topic: typeof EVENT | typeof RECORD,
    readonly subscribers: Subscribers,
    readonly onProvided: (name: string, isProvided: boolean, to: Connection[]) => void,
  ) {}

  onMessage(connection: Connection, { topic, action, name: pattern = '', subscription: name = '' }: Message): boolean {
    const { listen, unlisten, accept, reject, invalidRegex } = numbers[this.topic];
    if (action === listen) {
      let expression: RegExp;
      try {
        expression = new RegExp(pattern);
      } catch {
        connection.say({ topic, action: invalidRegex, name: pattern });
        return true;
      }
      this.#all.push({ connection, pattern, expression });
      for (const each of this.subscribers
        .names()
        .filter((each) => expression.test(each) && !this.#providers.has(each))) {
        const search = this.#searches.get(each);
        if (search) search.push({ connection, pattern });
        else this.#search(each);
      }
      connection.say({ topic, action, name: pattern, isAck: true });
    } else if (action === unlisten) {
      if (this.#remove(connection, pattern)) connection.say({ topic, action, name: pattern, isAck: true });
    } else if (action === accept && this.#searches.delete(name)) {
      this.#providers.set(name, { connection, pattern });
      this.onProvided(name, true, this.subscribers.of(name));
    } else if (action === reject) {
      this.#askNext(name);
    } else {
      return action === accept;
    }
    return true;
  }

  onSubscribed(connection: Connection, name: string): void {
    if (this.subscribers.of(name).length === 1) this.#search(name);
    if (this.#providers.has(name)) this.onProvided(name, true, [connection]);
  }

  onLastUnsubscribed(name: string): void {
    const provider = this.#providers.get(name);
    this.#searches.delete(name);
    if (!provider) return;
    const { connection, pattern } = provider;
    connection.say({ topic: this.topic, action: numbers[this.topic].removed, name: pattern, subscription: name });
    this.#providers.delete(name);
  }

  onClosed(connection: Connection): void {
    for (const { pattern } of this.#all.filter((listener) => listener.connection === connection))
      this.#remove(connection, pattern);
  }

  #remove(connection: Connection, pattern: string): boolean {
    const isIt = (listener: Listener): boolean => listener.connection === connection && listener.pattern === pattern;
    const before = this.#all.length;
    this.#all = this.#all.filter((listener) => !isIt(listener));
    for (const [name, provider] of [...this.#providers]) {
      if (!isIt(provider)) continue;
      this.#providers.delete(name);
      this.onProvided(name, false, this.subscribers.of(name));
      if (this.subscribers.of(name).length > 0) this.#search(name);
    }
    return this.#all.length < before;
  }

  #search(name: string): void {
    if (this.#searches.has(name) || this.#providers.has(name)) return;
    this.#searches.set(
      name,
      this.#all.filter(({ expression }) => expression.test(name)),
    );
    this.#askNext(name);
  }

  #askNext(name: string): void {
    const next = this.#searches.get(name)?.shift();
    if (!next) return void this.#searches.delete(name);
    next.connection.say({
      topic: this.topic,
      action: numbers[this.topic].found,
      name: next.pattern,
      subscription: name,
    });
  }
}

/** What events and records have in common. */
abstract class SubscriptionTopic {
  readonly subscribers = new Subscribers();
  readonly listeners: Listeners;

  constructor(
    readonly topic: typeof EVENT | typeof RECORD,
    readonly permit: Permit,
  ) {
    this.listeners = new Listeners(topic, this.subscribers, (...told) => this.onProvided(...told));
  }

  protected onProvided(_name: string, _isProvided: boolean, _to: Connection[]): void {}

  right(action: string): Right {
    return { topic: this.topic === EVENT ? 'event' : 'record', action };
  }

  subscribe(connection: Connection, names: readonly string[]): void {
    const { topic } = this;
    for (const name of names) {
      if (this.subscribers.add(connection, name)) this.listeners.onSubscribed(connection, name);
      else repeated(connection, topic, name, numbers[topic].subscribe);
    }
  }

  unsubscribe(connection: Connection, names: readonly string[]): void {
    for (const name of names) if (this.subscribers.remove(connection, name)) this.listeners.onLastUnsubscribed(name);
  }

  /** Whether it was about listening. */
  onListening(connection: Connection, message: Message): boolean {
    const { action, name = '' } = message;
    if (action === numbers[this.topic].listen && !permits(this.permit, connection, message, this.right('listen'), name))
      return true;
    return this.listeners.onMessage(connection, message);
  }

  onClosed(connection: Connection): void {
    this.listeners.onClosed(connection);
    this.unsubscribe(connection, this.subscribers.names(connection));
  }
}

class EventTopic extends SubscriptionTopic {
  onMessage(connection: Connection, message: Message): void {
    const EMIT = 2;
    const { topic, action, correlationId, name = '' } = message;
    const { subscribe, unsubscribe } = numbers[EVENT];
    if (action === EMIT) {
      if (!permits(this.permit, connection, message, this.right('publish'), name)) return;
      for (const other of this.subscribers.of(name)) if (other !== connection) other.say(message);
    } else if (action === subscribe || action === unsubscribe) {
      const isNew = action === subscribe;
      const names = isNew
        ? permittedNames(this.permit, connection, message, this.right('subscribe'))
        : (message.names ?? []);
      if (isNew) this.subscribe(connection, names);
      else this.unsubscribe(connection, names);
      if (names.length > 0) connection.say({ topic, action, correlationId, isAck: true });
    } else {
      this.onListening(connection, message);
    }
  }
}

class RecordTopic extends SubscriptionTopic {
  readonly all = new Map<string, TestRecord>();

  onMessage(connection: Connection, message: Message): void {
    const [NOTIFY, READ, READ_RESPONSE, HEAD, HEAD_RESPONSE, HEADS, DELETE, DELETE_SUCCESS, DELETED] = [
      2, 3, 4, 5, 6, 8, 9, 10, 13,
    ];
    const [CREATE_AND_UPDATE, CREATE_AND_PATCH, UPDATE, PATCH, ERASE] = [16, 17, 18, 19, 20];
    const [SUBSCRIBE_AND_HEAD, SUBSCRIBE_AND_READ, SUBSCRIBE_CREATE_AND_READ, NOT_FOUND] = [21, 22, 23, 107];
    const { topic, action, correlationId, name = '', names = [], isWriteAck } = message;
    const { subscribe, unsubscribe } = numbers[RECORD];
    const may = (right: string, of = name): boolean => permits(this.permit, connection, message, this.right(right), of);
    const tell = (of: string): void => {
      const { version, data } = this.all.get(of) ?? { version: -1, data: {} };
      connection.say({ topic, action: READ_RESPONSE, name: of, version, data: JSON.stringify(data) });
    };
    switch (action) {
      case subscribe:
      case SUBSCRIBE_AND_HEAD:
      case SUBSCRIBE_AND_READ: {
        const permitted = permittedNames(this.permit, connection, message, this.right('read'));
        if (permitted.length === 0) return;
        const known = permitted.filter((of) => this.all.has(of));
        if (action === SUBSCRIBE_AND_HEAD) {
          const versions = known.map((of): [string, number] => [of, this.all.get(of)!.version]);
          connection.say({ topic, action: HEADS, versions });
        }
        this.subscribe(connection, permitted);
        connection.say({ topic, action, correlationId, isAck: true });
        if (action === SUBSCRIBE_AND_READ) return permitted.forEach(tell);
        if (action === subscribe) return;
        for (const of of permitted) {
          if (!known.includes(of)) connection.say({ topic, action: HEAD_RESPONSE, name: of, version: -1 });
        }
        return;
      }
      case SUBSCRIBE_CREATE_AND_READ:
        connection.say({ topic, action, correlationId, names, isAck: true });
        for (const of of names) {
          if (!this.all.has(of)) {
            if (!may('create', of)) continue;
            this.all.set(of, { version: 0, data: {} });
          }
          if (!may('read', of)) continue;
          this.subscribe(connection, [of]);
          tell(of);
        }
        return;
      case unsubscribe:
        this.unsubscribe(connection, names);
        return connection.say({ topic, action, correlationId, isAck: true });
      case READ:
        if (!may('read')) return;
        if (this.all.has(name)) return tell(name);
        return connection.say({ topic, action: NOT_FOUND, isError: true, name, originalAction: action, isWriteAck });
      case HEAD:
        if (!may('read')) return;
        return connection.say({ topic, action: HEAD_RESPONSE, name, version: this.all.get(name)?.version ?? -1 });
      case CREATE_AND_UPDATE:
      case CREATE_AND_PATCH:
        if ((this.all.has(name) || may('create')) && may('write')) this.#write(connection, message, true);
        return;
      case UPDATE:
      case PATCH:
        if (may('write')) this.#write(connection, message, isWriteAck === true);
        return;
      // Which no server asks anybody's permission for.
      case ERASE:
        return this.#write(connection, message, isWriteAck === true);
      case DELETE:
        if (!may('delete')) return;
        this.all.delete(name);
        connection.say({ topic, action: DELETE_SUCCESS, name });
        this.#tellOthers(connection, { topic, action: DELETED, name, correlationId });
        return this.#forgetSubscribers(name);
      case NOTIFY: {
        const permitted = permittedNames(this.permit, connection, message, this.right('notify'));
        for (const of of permitted) {
          const { version, data } = this.all.get(of) ?? {};
          const isThere = version !== undefined;
          const news = isThere ? { action: UPDATE, version, data: JSON.stringify(data) } : { action: DELETED };
          this.#tellOthers(null, { topic, name: of, ...news });
          if (!isThere) this.#forgetSubscribers(of);
        }
        return connection.say({ topic, action, correlationId, names: permitted, isAck: true });
      }
      default:
        this.onListening(connection, message);
    }
  }

  protected override onProvided(name: string, isProvided: boolean, to: Connection[]): void {
    const [HAS_PROVIDER, HAS_NO_PROVIDER] = [31, 32];
    for (const connection of to)
      connection.say({ topic: RECORD, action: isProvided ? HAS_PROVIDER : HAS_NO_PROVIDER, name });
  }

  #forgetSubscribers(name: string): void {
    for (const connection of this.subscribers.of(name)) this.unsubscribe(connection, [name]);
  }

  #tellOthers(connection: Connection | null, message: Message): void {
    for (const other of this.subscribers.of(message.name ?? '')) if (other !== connection) other.say(message);
  }

  #write(connection: Connection, message: Message, makesIt: boolean): void {
    const [ACKNOWLEDGED, UPDATE, PATCH, VERSION_EXISTS, UPDATE_ERROR, INVALID_VERSION] = [14, 18, 19, 102, 105, 108];
    const { topic, correlationId, isWriteAck, name = '', path, data } = message;
    const record = this.all.get(name) ?? (makesIt ? { version: 0, data: {} } : undefined);
    if (!record) return connection.say({ topic, action: UPDATE_ERROR, isError: true, name, correlationId, isWriteAck });
    const action = path ? PATCH : UPDATE;
    const version = message.version === -1 ? record.version + 1 : (message.version ?? 0);
    const answer = { topic, name, version: record.version, originalAction: action, isWriteAck, correlationId };
    if (version > record.version + 1) return connection.say({ ...answer, action: INVALID_VERSION, path, data });
    if (version <= record.version) {
      return connection.say({ ...answer, action: VERSION_EXISTS, data: JSON.stringify(record.data) });
    }
    const value = data === undefined ? undefined : JSON.parse(data);
    if (path) setAt(record.data, path, value);
    else record.data = value;
    record.version = version;
    this.all.set(name, record);
    if (isWriteAck) connection.say({ topic, action: ACKNOWLEDGED, name, correlationId, isWriteAck });
    this.#tellOthers(connection, { topic, action, name, path, version, data });
  }
}

/** Sets what is at a path, and makes what leads there; `undefined` erases. */
function setAt(data: any, path: string, value: unknown): void {
  const steps = path
    .split(/[.[\]]+/)
    .filter(Boolean)
    .map((step) => step.trim());
  const isIndex = [...path.matchAll(/\[|(?:^|\.)/g)].map(([mark]) => mark === '[');
  let node = data;
  steps.slice(0, -1).forEach((step, depth) => {
    if (Object(node[step]) !== node[step]) node[step] = isIndex[depth + 1] ? [] : {};
    node = node[step];
  });
  const last = steps.at(-1)!;
  if (value === undefined && !Array.isArray(node)) delete node[last];
  else node[last] = value ?? null;
}

class RpcTopic {
  readonly providers = new Subscribers();
  readonly #calls = new Map<string, Call>();

  constructor(
    readonly permit: Permit,
    readonly options: TestServerOptions,
  ) {}

  onMessage(connection: Connection, message: Message): void {
    const [REQUEST, ACCEPT, REJECT, INVALID_ID, MULTIPLE_ACCEPT] = [2, 4, 6, 103, 102];
    const { topic, action, correlationId = '', name = '', data } = message;
    const { subscribe, unsubscribe } = numbers[RPC];
    if (action === subscribe || action === unsubscribe) {
      const isNew = action === subscribe;
      const right = { topic: 'rpc', action: 'provide' } as const;
      const names = isNew ? permittedNames(this.permit, connection, message, right) : (message.names ?? []);
      for (const each of names) {
        if (!isNew) this.providers.remove(connection, each);
        else if (!this.providers.add(connection, each)) repeated(connection, RPC, each, action);
      }
      if (names.length > 0) connection.say({ topic, action, correlationId, isAck: true });
      return;
    }
    if (action === REQUEST) {
      if (!permits(this.permit, connection, message, { topic: 'rpc', action: 'request' }, name)) return;
      return this.#route(correlationId, {
        name,
        data,
        requestor: connection,
        asked: [],
        hasAccepted: false,
        timer: undefined,
      });
    }
    const call = this.#calls.get(correlationId);
    if (!call) {
      return connection.say({ topic, action: INVALID_ID, isError: true, name, correlationId, originalAction: action });
    }
    if (action === ACCEPT && call.hasAccepted)
      return connection.say({ topic, action: MULTIPLE_ACCEPT, name, correlationId });
    if (action === REJECT) return this.#route(correlationId, call);
    if (action === ACCEPT) {
      call.hasAccepted = true;
      this.#wait(correlationId, call, this.options.rpcResponseTimeout ?? 10_000, 104);
    } else {
      this.#end(correlationId, call);
    }
    call.requestor.say({ topic, action, name, correlationId, data });
  }

  /** Asks a provider that was not asked yet, if there is one. */
  #route(id: string, call: Call): void {
    const [REQUEST, NO_PROVIDER, ACCEPT_TIMEOUT] = [2, 100, 101];
    const { name, data, asked } = call;
    const provider = this.providers.of(name).find((each) => !asked.includes(each));
    this.#end(id, call);
    if (!provider) return call.requestor.say({ topic: RPC, action: NO_PROVIDER, name, correlationId: id });
    asked.push(provider);
    this.#calls.set(id, call);
    this.#wait(id, call, this.options.rpcAcceptTimeout ?? 1_000, ACCEPT_TIMEOUT);
    provider.say({ topic: RPC, action: REQUEST, name, correlationId: id, data });
  }

  #wait(id: string, call: Call, milliseconds: number, timeout: number): void {
    clearTimeout(call.timer);
    call.timer = setTimeout(() => {
      this.#end(id, call);
      call.requestor.say({ topic: RPC, action: timeout, name: call.name, correlationId: id });
    }, milliseconds);
    // In Node: a call that nobody answers keeps no process alive.
    (call.timer as { unref?: () => void }).unref?.();
  }

  #end(id: string, call: Call): void {
    clearTimeout(call.timer);
    this.#calls.delete(id);
  }
}

interface Call {
  readonly name: string;
  readonly data: string | undefined;
  readonly requestor: Connection;
  readonly asked: Connection[];
  hasAccepted: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** The name under which those are kept who want to know of all users. */
const EVERYONE = '%_EVERYONE_%';

class PresenceTopic {
  readonly subscribers = new Subscribers();
  /** How many connections each user has. */
  readonly #online = new Map<string, number>();

  constructor(readonly permit: Permit) {}

  onLogin(user: string): void {
    const count = this.#online.get(user) ?? 0;
    this.#online.set(user, count + 1);
    if (count === 0) this.#tell(user, 6, 7);
  }

  onLogout(user: string): void {
    const count = this.#online.get(user) ?? 0;
    if (count > 1) return void this.#online.set(user, count - 1);
    this.#online.delete(user);
    this.#tell(user, 8, 9);
  }

  #tell(user: string, toSome: number, toAll: number): void {
    for (const connection of this.subscribers.of(EVERYONE))
      connection.say({ topic: PRESENCE, action: toAll, name: user });
    for (const connection of this.subscribers.of(user)) connection.say({ topic: PRESENCE, action: toSome, name: user });
  }

  onMessage(connection: Connection, message: Message): void {
    const [ALL, ALL_RESPONSE, QUERY, QUERY_RESPONSE, SUBSCRIBE_ALL, UNSUBSCRIBE_ALL] = [2, 3, 4, 5, 12, 13];
    const { topic, action, correlationId, names = [] } = message;
    const { subscribe, unsubscribe } = numbers[PRESENCE];
    const right = { topic: 'presence', action: 'allow' } as const;
    if (action === subscribe || action === QUERY) {
      const permitted = permittedNames(this.permit, connection, message, right);
      if (permitted.length === 0 && names.length > 0) return;
      if (action === QUERY) {
        const data = JSON.stringify(Object.fromEntries(permitted.map((user) => [user, this.#online.has(user)])));
        return connection.say({ topic, action: QUERY_RESPONSE, correlationId, data });
      }
      for (const user of permitted)
        if (!this.subscribers.add(connection, user)) repeated(connection, PRESENCE, user, action);
      return connection.say({ topic, action, correlationId, isAck: true });
    }
    if (action === unsubscribe) {
      for (const user of names) this.subscribers.remove(connection, user);
      return connection.say({ topic, action, correlationId, isAck: true });
    }
    if (action === UNSUBSCRIBE_ALL) {
      this.subscribers.remove(connection, EVERYONE);
      return connection.say({ topic, action, isAck: true });
    }
    if (!permits(this.permit, connection, message, right, '')) return;
    if (action === ALL) {
      const others = [...this.#online.keys()].filter((user) => user !== connection.user);
      return connection.say({ topic, action: ALL_RESPONSE, names: others });
    }
    if (action !== SUBSCRIBE_ALL) return;
    if (!this.subscribers.add(connection, EVERYONE)) repeated(connection, PRESENCE, EVERYONE, action);
    connection.say({ topic, action, isAck: true });
  }
}
