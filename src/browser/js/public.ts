// What both entries export, apart from the class itself.
export * as C from './constants.js';
export { DeepstreamError, type DeepstreamErrorDetails, type LostEdit, type LostWrite } from './error.js';
export type {
  AuthenticationCallback,
  ClientEventName,
  ClientEvents,
  CloseReason,
  ConnectionSnapshot,
  DeepstreamClientConstructor,
  DsClient,
  Resubscribed,
  ResumeCallback,
} from './client.js';
export type { AnonymousRecord, AnonymousRecordEvents } from './anonymous-record.js';
export type { Dequeue, DequeueEvents, DequeuePosition } from './dequeue.js';
export type { EventSource } from './emitter.js';
export type { EntryEvents } from './entries.js';
export type { EventHandler, Serialisable } from './event.js';
export type { ListenCallback, ListenResponse } from './listen.js';
export type {
  IndividualQueryResult,
  PresenceCallback,
  PresenceHandler,
  QueryResult,
} from './presence.js';
export type {
  RPCHandler,
  RPCMakeCallback,
  RPCMakeOptions,
  RPCProvider,
  RPCRequestor,
  RPCResponse,
} from './rpc.js';
export type {
  DropReason,
  EmitOptions,
  OutboxEntry,
  OutboxEntryWithPayload,
  OutboxEvents,
  OutboxHandler,
  ReceiptOutcome,
  SetDataOptions,
  StorageProblem,
} from './outbox.js';
export type { List, ListEvents } from './list.js';
export { LOCAL_WINS, MERGE_STRATEGIES, REMOTE_WINS, threeWay, type ThreeWayOptions } from './merge.js';
export {
  Options,
  Options as DefaultOptions,
  type AuthParamsFunction,
  type IndexdbOptions,
  type LocalstorageOptions,
  type MergeCompleteCallback,
  type MergeStrategy,
  type offlineStoreWriteResponse,
  type OptionDefaults,
  type OutboxOptions,
  type OutboxStorage,
  type RecordOfflineStore,
  type Socket,
} from './options.js';
export type {
  Patches,
  PathIn,
  Record,
  RecordConflict,
  RecordEvents,
  RecordHolder,
  RecordState,
  RecordSubscribeOptions,
  ValueAt,
  ValueAtOptional,
  WriteAckCallback,
} from './record.js';
export type { RecordHandler } from './records.js';
export type {
  ClientSchema,
  DataAndOptions,
  DataOf,
  EventsOf,
  NameIn,
  RecordsOf,
  ResultOf,
  RpcsOf,
  TypedEventHandler,
  TypedRecordHandler,
  TypedRPCHandler,
} from './schema.js';
export type { EventStream, StreamOptions } from './stream.js';
export type { SubscribeOptions, Subscription } from './subscription.js';
