import type { EmitOptions, SetDataOptions } from './outbox.js';
import type { EventHandler } from './event.js';
import type { Record, PathIn, ValueAt, WriteAckCallback } from './record.js';
import type { RecordHandler } from './records.js';
import type { RPCHandler, RPCMakeCallback, RPCMakeOptions, RPCProvider } from './rpc.js';
import type { EventStream, StreamOptions } from './stream.js';
import type { SubscribeOptions, Subscription } from './subscription.js';

/**
 * What the names of a deployment stand for, said once: `new DeepstreamClient<Schema>(url)`. Each part may be left out; then any
 * name will do, and its types are taken at your word. Names can be templates, such as `` `notes/${string}` ``.
 *
 * @example
 * interface Schema {
 *   records: { settings: Settings; [note: `notes/${string}`]: Note };
 *   events: { news: { text: string }; ping: void };
 *   rpcs: { add(data: { a: number; b: number }): number };
 * }
 * const client = new DeepstreamClient<Schema>('localhost:6020');
 */
export interface ClientSchema {
  /** The records, by name. */
  records?: object;
  /** What events carry, by name; `void` for nothing. */
  events?: object;
  /** What providers do, by name: functions of the data that give the result. */
  rpcs?: object;
}

/** The names in one part of a schema. */
export type NameIn<Part> = keyof Part & string;

/** `client.event` by a schema; `any` where that is `any`. */
export type EventsOf<Schema> = IsAny<Schema> extends true
  ? any
  : Schema extends { events: infer Events }
    ? TypedEventHandler<Events>
    : EventHandler;
/** `client.record` by a schema. */
export type RecordsOf<Schema> = IsAny<Schema> extends true
  ? any
  : Schema extends { records: infer Records }
    ? TypedRecordHandler<Records>
    : RecordHandler;
/** `client.rpc` by a schema. */
export type RpcsOf<Schema> = IsAny<Schema> extends true
  ? any
  : Schema extends { rpcs: infer Rpcs }
    ? TypedRPCHandler<Rpcs>
    : RPCHandler;

type IsAny<Schema> = 0 extends 1 & Schema ? true : false;

/** {@link EventHandler} for events that are declared. */
export interface TypedEventHandler<Events>
  extends Omit<EventHandler, 'subscribe' | 'unsubscribe' | 'emit' | 'stream'> {
  /** Calls back for every event of this name: see {@link EventHandler.subscribe}. */
  subscribe<Name extends NameIn<Events>>(
    name: Name,
    callback: (data: Events[Name]) => void,
    options?: SubscribeOptions,
  ): Subscription;
  /** Ends what `subscribe` began: see {@link EventHandler.unsubscribe}. */
  unsubscribe<Name extends NameIn<Events>>(name: Name, callback?: (data: Events[Name]) => void): void;
  /** Sends an event, and tells what becomes of it: see {@link EventHandler.emit}. */
  emit<Name extends NameIn<Events>>(
    name: Name,
    data: Events[Name],
    options: EmitOptions & { receipt: true },
  ): Promise<'delivered'>;
  /** Sends an event. */
  emit<Name extends NameIn<Events>>(
    name: Name,
    ...dataAndOptions: DataAndOptions<Events[Name], EmitOptions & { receipt?: false }>
  ): void;
  /** The events of a name, one after the other: see {@link EventHandler.stream}. */
  stream<Name extends NameIn<Events>>(name: Name, options?: StreamOptions): EventStream<Events[Name]>;
}

/** {@link RecordHandler} for records that are declared. Lists and queues can have any name. */
export interface TypedRecordHandler<Records>
  extends Omit<RecordHandler, 'getRecord' | 'snapshot' | 'setData' | 'setDataWithAck'> {
  /** Opens a record: see {@link RecordHandler.getRecord}. */
  getRecord<Name extends NameIn<Records>>(name: Name): Record<Records[Name]>;
  /** Reads a record without opening it: see {@link RecordHandler.snapshot}. */
  snapshot<Name extends NameIn<Records>>(name: Name): Promise<Records[Name]>;
  /** Reads a record, and calls back. */
  snapshot<Name extends NameIn<Records>>(
    name: Name,
    callback: (error: string | null, data: Records[Name]) => void,
  ): void;
  /** Writes to a record without opening it: see {@link RecordHandler.setData}. */
  setData<Name extends NameIn<Records>>(
    name: Name,
    data: Records[Name],
    callback?: WriteAckCallback,
    options?: SetDataOptions,
  ): void;
  /** Writes to a path of a record; `undefined` erases. */
  setData<Name extends NameIn<Records>, Path extends string>(
    name: Name,
    path: PathIn<Records[Name], Path>,
    data: ValueAt<Records[Name], Path> | undefined,
    callback?: WriteAckCallback,
    options?: SetDataOptions,
  ): void;
  /** Like `setData`, and tells when the server has it: see {@link RecordHandler.setDataWithAck}. */
  setDataWithAck<Name extends NameIn<Records>>(
    name: Name,
    data: Records[Name],
    callback?: WriteAckCallback,
    options?: SetDataOptions,
  ): Promise<string | void> | void;
  /** Writes to a path of a record, and tells when the server has it. */
  setDataWithAck<Name extends NameIn<Records>, Path extends string>(
    name: Name,
    path: PathIn<Records[Name], Path>,
    data: ValueAt<Records[Name], Path> | undefined,
    callback?: WriteAckCallback,
    options?: SetDataOptions,
  ): Promise<string | void> | void;
}

/** {@link RPCHandler} for procedures that are declared. */
export interface TypedRPCHandler<Rpcs> extends Omit<RPCHandler, 'provide' | 'unprovide' | 'make'> {
  /** Answers requests of this name: see {@link RPCHandler.provide}. */
  provide<Name extends NameIn<Rpcs>>(name: Name, provider: RPCProvider<DataOf<Rpcs[Name]>, ResultOf<Rpcs[Name]>>): void;
  /** Answers no more requests of this name. */
  unprovide(name: NameIn<Rpcs>): void;
  /** Makes a call, and calls back with the outcome: see {@link RPCHandler.make}. */
  make<Name extends NameIn<Rpcs>>(
    name: Name,
    data: DataOf<Rpcs[Name]>,
    callback: RPCMakeCallback<ResultOf<Rpcs[Name]>>,
  ): void;
  /** Makes a call. */
  make<Name extends NameIn<Rpcs>>(
    name: Name,
    ...dataAndOptions: DataAndOptions<DataOf<Rpcs[Name]>, RPCMakeOptions | null>
  ): Promise<ResultOf<Rpcs[Name]>>;
}

/** What a declared procedure takes. */
export type DataOf<Rpc> = Rpc extends (...parameters: infer Parameters) => unknown ? Parameters[0] : never;
/** What it gives. */
export type ResultOf<Rpc> = Rpc extends (...parameters: never) => infer Result ? Awaited<Result> : never;

/** What follows a name: data, which may be left out where there need be none, and options. */
export type DataAndOptions<Data, Options> = [undefined] extends [Data]
  ? [data?: Data, options?: Options]
  : [Data] extends [void]
    ? [data?: undefined, options?: Options]
    : [data: Data, options?: Options];
