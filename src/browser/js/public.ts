// What both entries export, apart from the class itself.
export * as C from './constants.js';
export { DeepstreamError, type DeepstreamErrorDetails } from './error.js';
export type {
  AuthenticationCallback,
  ClientEventName,
  ClientEvents,
  CloseReason,
  ConnectionSnapshot,
  DeepstreamClientConstructor,
  Resubscribed,
  ResumeCallback,
} from './client.js';
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
  StorageProblem,
} from './outbox.js';
export {
  Options,
  Options as DefaultOptions,
  type AuthParamsFunction,
  type MergeCompleteCallback,
  type MergeStrategy,
  type offlineStoreWriteResponse,
  type OutboxOptions,
  type OutboxStorage,
  type RecordOfflineStore,
  type Socket,
} from './options.js';
export type { EventStream, StreamOptions } from './stream.js';
export type { SubscribeOptions, Subscription } from './subscription.js';
