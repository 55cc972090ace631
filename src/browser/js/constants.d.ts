// The types of constants.js, which builds the same enums in fewer bytes.

/** Any value that JSON has, except lists and objects. */
export type JSONPrimitive = string | number | boolean | null;

/** An object as JSON has it. */
export interface JSONObject {
  [member: string]: JSONValue;
}

/** A list as JSON has it. */
export interface JSONArray extends Array<JSONValue> {}

/** Any value that JSON has. */
export type JSONValue = JSONPrimitive | JSONObject | JSONArray;

/** The value at a path of a record. */
export type RecordPathData = JSONValue;

/** A whole record, or a list; `null` or `undefined` where there is none. */
export type RecordData = JSONObject | Array<string> | null | undefined;

/** What a remote procedure call is answered with. */
export type RPCResult = JSONValue;

/** What an event carries. */
export type EventData = JSONValue;

/** What a client logs in with. */
export type AuthData = JSONObject;

/** What part of deepstream a message belongs to. */
export declare enum TOPIC {
  UNKNOWN = 0,
  PARSER = 1,
  CONNECTION = 2,
  AUTH = 3,
  EVENT = 4,
  RECORD = 5,
  RPC = 6,
  PRESENCE = 7,
  MONITORING = 8,
  CLUSTER = 9,
  LOCK = 10,
  STATE_REGISTRY = 11,
  ERROR = 100,
}

/** What can be wrong with a message that the server could not read. */
export declare enum PARSER_ACTION {
  UNKNOWN = 0,
  UNKNOWN_TOPIC = 1,
  UNKNOWN_ACTION = 2,
  INVALID_MESSAGE = 3,
  MESSAGE_PARSE_ERROR = 4,
  MAXIMUM_MESSAGE_SIZE_EXCEEDED = 5,
  ERROR = 6,
  INVALID_META_PARAMS = 7,
}

/** The messages about the connection itself: the handshake up to login, heartbeats, closing. */
export declare enum CONNECTION_ACTION {
  UNKNOWN = 0,
  ERROR = 1,
  PING = 2,
  PONG = 3,
  ACCEPT = 4,
  CHALLENGE = 5,
  REJECT = 6,
  REDIRECT = 7,
  CLOSING = 8,
  CLOSED = 9,
  AUTHENTICATION_TIMEOUT = 100,
  INVALID_MESSAGE = 101,
}

/** The messages about logging in. */
export declare enum AUTH_ACTION {
  UNKNOWN = 0,
  ERROR = 1,
  REQUEST = 2,
  AUTH_SUCCESSFUL = 3,
  AUTH_UNSUCCESSFUL = 4,
  TOO_MANY_AUTH_ATTEMPTS = 100,
  INVALID_MESSAGE = 101,
  INVALID_MESSAGE_DATA = 102,
}

/** The messages about events. */
export declare enum EVENT_ACTION {
  UNKNOWN = 0,
  ERROR = 1,
  EMIT = 2,
  SUBSCRIBE = 3,
  UNSUBSCRIBE = 4,
  LISTEN = 5,
  UNLISTEN = 6,
  LISTEN_ACCEPT = 7,
  LISTEN_REJECT = 8,
  SUBSCRIPTION_HAS_PROVIDER = 9,
  SUBSCRIPTION_HAS_NO_PROVIDER = 10,
  SUBSCRIPTION_FOR_PATTERN_FOUND = 11,
  SUBSCRIPTION_FOR_PATTERN_REMOVED = 12,
  INVALID_LISTEN_REGEX = 100,
  LISTEN_RESPONSE_TIMEOUT = 101,
  LISTEN_UNSUCCESSFUL = 102,
  MESSAGE_PERMISSION_ERROR = 103,
  MESSAGE_DENIED = 104,
  INVALID_MESSAGE_DATA = 105,
  MULTIPLE_SUBSCRIPTIONS = 106,
  NOT_SUBSCRIBED = 107,
}

/** The messages about records. */
export declare enum RECORD_ACTION {
  UNKNOWN = 0,
  ERROR = 1,
  NOTIFY = 2,
  READ = 3,
  READ_RESPONSE = 4,
  HEAD = 5,
  HEAD_RESPONSE = 6,
  HEAD_BULK = 7,
  HEAD_RESPONSE_BULK = 8,
  DELETE = 9,
  DELETE_SUCCESS = 10,
  DELETE_BULK = 11,
  DELETE_BULK_SUCCESS = 12,
  DELETED = 13,
  WRITE_ACKNOWLEDGEMENT = 14,
  CREATE = 15,
  CREATEANDUPDATE = 16,
  CREATEANDPATCH = 17,
  UPDATE = 18,
  PATCH = 19,
  ERASE = 20,
  SUBSCRIBEANDHEAD = 21,
  SUBSCRIBEANDREAD = 22,
  SUBSCRIBECREATEANDREAD = 23,
  SUBSCRIBECREATEANDUPDATE = 24,
  SUBSCRIBE = 25,
  UNSUBSCRIBE = 26,
  LISTEN = 27,
  UNLISTEN = 28,
  LISTEN_ACCEPT = 29,
  LISTEN_REJECT = 30,
  SUBSCRIPTION_HAS_PROVIDER = 31,
  SUBSCRIPTION_HAS_NO_PROVIDER = 32,
  SUBSCRIPTION_FOR_PATTERN_FOUND = 33,
  SUBSCRIPTION_FOR_PATTERN_REMOVED = 34,
  CACHE_RETRIEVAL_TIMEOUT = 100,
  STORAGE_RETRIEVAL_TIMEOUT = 101,
  VERSION_EXISTS = 102,
  RECORD_LOAD_ERROR = 103,
  RECORD_CREATE_ERROR = 104,
  RECORD_UPDATE_ERROR = 105,
  RECORD_DELETE_ERROR = 106,
  RECORD_NOT_FOUND = 107,
  INVALID_VERSION = 108,
  INVALID_PATCH_ON_HOTPATH = 109,
  INVALID_LISTEN_REGEX = 110,
  LISTEN_RESPONSE_TIMEOUT = 111,
  LISTEN_UNSUCCESSFUL = 112,
  RECORD_NOTIFY_ERROR = 113,
  MESSAGE_PERMISSION_ERROR = 114,
  MESSAGE_DENIED = 115,
  INVALID_MESSAGE_DATA = 116,
  MULTIPLE_SUBSCRIPTIONS = 117,
  NOT_SUBSCRIBED = 118,
}

/** The messages about remote procedure calls. */
export declare enum RPC_ACTION {
  UNKNOWN = 0,
  ERROR = 1,
  REQUEST = 2,
  ACCEPT = 4,
  RESPONSE = 5,
  REJECT = 6,
  REQUEST_ERROR = 7,
  PROVIDE = 8,
  UNPROVIDE = 9,
  NO_RPC_PROVIDER = 100,
  ACCEPT_TIMEOUT = 101,
  MULTIPLE_ACCEPT = 102,
  INVALID_RPC_CORRELATION_ID = 103,
  RESPONSE_TIMEOUT = 104,
  MULTIPLE_RESPONSE = 105,
  MESSAGE_PERMISSION_ERROR = 106,
  MESSAGE_DENIED = 107,
  INVALID_MESSAGE_DATA = 108,
  MULTIPLE_PROVIDERS = 109,
  NOT_PROVIDED = 110,
}

/** The messages about who is online. */
export declare enum PRESENCE_ACTION {
  UNKNOWN = 0,
  ERROR = 1,
  QUERY_ALL = 2,
  QUERY_ALL_RESPONSE = 3,
  QUERY = 4,
  QUERY_RESPONSE = 5,
  PRESENCE_JOIN = 6,
  PRESENCE_JOIN_ALL = 7,
  PRESENCE_LEAVE = 8,
  PRESENCE_LEAVE_ALL = 9,
  SUBSCRIBE = 10,
  UNSUBSCRIBE = 11,
  SUBSCRIBE_ALL = 12,
  UNSUBSCRIBE_ALL = 13,
  INVALID_PRESENCE_USERS = 100,
  MESSAGE_PERMISSION_ERROR = 101,
  MESSAGE_DENIED = 102,
  MULTIPLE_SUBSCRIPTIONS = 103,
  NOT_SUBSCRIBED = 104,
}

/** The messages of a server's monitoring: none that a client sees. */
export declare enum MONITORING_ACTION {}

/** The messages between the servers of a cluster about their members. */
export declare enum CLUSTER_ACTION {
  REMOVE = 1,
  STATUS = 2,
}

/** The messages between the servers of a cluster about locks. */
export declare enum LOCK_ACTION {
  UNKNOWN = 0,
  ERROR = 1,
  REQUEST = 2,
  RESPONSE = 3,
  RELEASE = 4,
}

/** The messages by which the servers of a cluster keep their state equal. */
export declare enum STATE_ACTION {
  UNKNOWN = 0,
  ERROR = 1,
  ADD = 2,
  REMOVE = 3,
  REQUEST_FULL_STATE = 4,
  FULL_STATE = 5,
  CHECKSUM = 6,
}

/** The states that the servers of a cluster share. */
export declare enum STATE_REGISTRY_TOPIC {
  SUBSCRIPTIONS = 9,
  ONLINE_USERS = 10,
  EVENT_SUBSCRIPTIONS = 11,
  RECORD_SUBSCRIPTIONS = 12,
  RPC_SUBSCRIPTIONS = 13,
  PRESENCE_SUBSCRIPTIONS = 14,
  RECORD_LISTEN_PATTERNS = 15,
  EVENT_LISTEN_PATTERNS = 16,
  RECORD_PUBLISHED_SUBSCRIPTIONS = 17,
  EVENT_PUBLISHED_SUBSCRIPTIONS = 18,
  RECORD_LISTENING = 19,
  EVENT_LISTENING = 20,
  STATE_REGISTRY = 21,
  MONITORING_SUBSCRIPTIONS = 24,
}

/** Where a client stands with its server. Each change reaches `on('connectionStateChanged')`. */
export declare enum CONNECTION_STATE {
  /** Not connected: before the first attempt, and for good after `close()`. */
  CLOSED = 'CLOSED',
  /** The first connection is being opened. */
  INITIALISING = 'INITIALISING',
  /** The connection is open. */
  AWAITING_CONNECTION = 'AWAITING_CONNECTION',
  /** The server is asked whether it takes the connection. */
  CHALLENGING = 'CHALLENGING',
  /** The server sends the client to another URL. */
  REDIRECTING = 'REDIRECTING',
  /** The server waits for `login()`. */
  AWAITING_AUTHENTICATION = 'AWAITING_AUTHENTICATION',
  /** The server checks the credentials. */
  AUTHENTICATING = 'AUTHENTICATING',
  /** Logged in. */
  OPEN = 'OPEN',
  /** The connection was lost; a new one is being made, or waited for. */
  RECONNECTING = 'RECONNECTING',
  /** `pause()` is letting go of the connection. */
  PAUSING = 'PAUSING',
  /** Paused. */
  OFFLINE = 'OFFLINE',
  /** `close()` is letting go of the connection. */
  CLOSING = 'CLOSING',
  /** The server stopped answering, or the attempts to connect are used up. */
  ERROR = 'ERROR',
  /** The server refused the connection. */
  CHALLENGE_DENIED = 'CHALLENGE_DENIED',
  /** The server refused too many logins. */
  TOO_MANY_AUTH_ATTEMPTS = 'TOO_MANY_AUTH_ATTEMPTS',
  /** The server waited too long for a login. */
  AUTHENTICATION_TIMEOUT = 'AUTHENTICATION_TIMEOUT',
}

/** The names of what a client or a record reports: those of its listeners, and those that say in `on('error')` what happened. */
export declare enum EVENT {
  RECORD_READ_ONLY_MODE = 'RECORD_READ_ONLY_MODE',
  UNSOLICITED_MESSAGE = 'UNSOLICITED_MESSAGE',
  IS_CLOSED = 'IS_CLOSED',
  MAX_RECONNECTION_ATTEMPTS_REACHED = 'MAX_RECONNECTION_ATTEMPTS_REACHED',
  CONNECTION_ERROR = 'CONNECTION_ERROR',
  ACK_TIMEOUT = 'ACK_TIMEOUT',
  UNKNOWN_CORRELATION_ID = 'UNKNOWN_CORRELATION_ID',
  HEARTBEAT_TIMEOUT = 'HEARTBEAT_TIMEOUT',
  LISTENER_EXISTS = 'LISTENER_EXISTS',
  NOT_LISTENING = 'NOT_LISTENING',
  RECORD_ALREADY_DESTROYED = 'RECORD_ALREADY_DESTROYED',
  RECORD_DELETE_TIMEOUT = 'RECORD_DELETE_TIMEOUT',
  INVALID_AUTHENTICATION_DETAILS = 'INVALID_AUTHENTICATION_DETAILS',
  AUTHENTICATION_TIMEOUT = 'AUTHENTICATION_TIMEOUT',
  CLIENT_OFFLINE = 'client offline',
  CONNECTION_LOST = 'connectionLost',
  CONNECTION_REESTABLISHED = 'connectionReestablished',
  EXIT_LIMBO = 'exitLimbo',
  CONNECTION_STATE_CHANGED = 'connectionStateChanged',
  CLIENT_DATA_CHANGED = 'clientDataChanged',
  REAUTHENTICATION_FAILURE = 'reauthenticationFailure',
  RECORD_ERROR = 'error',
  RECORD_READY = 'ready',
  RECORD_DELETED = 'delete',
  RECORD_DISCARDED = 'discard',
  RECORD_VERSION_EXISTS = 'versionExists',
  RECORD_HAS_PROVIDER_CHANGED = 'hasProviderChanged',
  RECORD_STATE_CHANGED = 'onRecordStateChanged',
  ENTRY_ADDED_EVENT = 'entry-added',
  ENTRY_REMOVED_EVENT = 'entry-removed',
  ENTRY_MOVED_EVENT = 'entry-moved',
}

/** An action of any topic. */
export type ALL_ACTIONS =
  | PARSER_ACTION
  | CONNECTION_ACTION
  | AUTH_ACTION
  | EVENT_ACTION
  | RECORD_ACTION
  | RPC_ACTION
  | PRESENCE_ACTION
  | MONITORING_ACTION
  | CLUSTER_ACTION
  | LOCK_ACTION
  | STATE_ACTION;

/** The enum of actions of each topic, by the topic's number. */
export declare const ACTIONS: { [topic: number]: any };

/** By topic and action: the request that a message answers. */
export declare const RESPONSE_TO_REQUEST: {
  [topic: number]: { [action: number]: RECORD_ACTION | PRESENCE_ACTION | RPC_ACTION };
};

/** A message of the protocol, with every field that any topic has. */
export interface Message {
  /** What part of deepstream it belongs to. */
  topic: TOPIC | STATE_REGISTRY_TOPIC;
  /** What it says or asks for, of the actions of its topic. */
  action: ALL_ACTIONS;
  /** Of the record, event, procedure or user it is about. */
  name?: string;
  /** The same, of several. */
  names?: Array<string>;
  /** Whether the server refuses something. */
  isError?: boolean;
  /** Whether it confirms something. */
  isAck?: boolean;
  /** Whether a write shall be confirmed, or is. */
  isWriteAck?: boolean;
  /** What ties an answer to its request. */
  correlationId?: string;
  /** JSON text. */
  data?: string | Uint8Array;
  /** What the JSON text in `data` says. */
  parsedData?: RecordData | RPCResult | EventData | AuthData;
  /** Not there in a message that could be read. */
  parseError?: false;
  /** What a listener is told about: a name that its pattern fits. */
  subscription?: string;
  /** The topic of the message that this one answers. */
  originalTopic?: TOPIC | STATE_REGISTRY_TOPIC;
  /** The action of the message that this one answers. */
  originalAction?: ALL_ACTIONS;
  /** Why, in the words of the server. */
  reason?: string;
  /** The URL that the client has dialled, or is sent to. */
  url?: string;
  /** The version of the protocol that the client speaks. */
  protocolVersion?: string;
  /** The version of the client's package. */
  sdkVersion?: string;
  /** The kind of client. */
  sdkType?: string;
  /** The path in a record. */
  path?: string;
  /** The version of a record. */
  version?: number;
  /** The versions of records, by name. */
  versions?: { [name: string]: number };
  /** Of the state that servers share. */
  checksum?: number;
  /** All of the state that servers share. */
  fullState?: Array<string>;
  /** The name of a server of a cluster. */
  serverName?: string;
  /** The topic of the state that servers share. */
  registryTopic?: TOPIC;
  /** What decides which server of a cluster leads. */
  leaderScore?: number;
  /** The role of a server in a cluster. */
  role?: string;
  /** Whether a lock is held. */
  locked?: boolean;
}

/** A message about the state that the servers of a cluster share. */
export interface StateMessage extends Message {
  topic: TOPIC.STATE_REGISTRY;
  registryTopic: TOPIC;
}

/** A message that subscribes or unsubscribes several names at once. */
export interface BulkSubscriptionMessage extends Message {
  names: Array<string>;
  correlationId: string;
}

/** A message about one name. */
export interface SubscriptionMessage extends Message {
  name: string;
}

/** A message about an event. */
export interface EventMessage extends SubscriptionMessage {
  topic: TOPIC.EVENT;
  action: EVENT_ACTION;
}

/** A message about a remote procedure call. */
export interface RPCMessage extends SubscriptionMessage {
  topic: TOPIC.RPC;
  action: RPC_ACTION;
  correlationId: string;
  /** Who has made the call. */
  requestorName?: string;
  /** What the server knows of who has made the call, as JSON text. */
  requestorData?: string;
}

/** A message about who is online. */
export interface PresenceMessage extends Message {
  topic: TOPIC.PRESENCE;
  action: PRESENCE_ACTION;
  correlationId: string;
}

/** A message about a listener for subscriptions. */
export interface ListenMessage extends SubscriptionMessage {
  topic: TOPIC.RECORD | TOPIC.EVENT;
  action: RECORD_ACTION | EVENT_ACTION;
  subscription: string;
  /** The message as it came. */
  raw?: string;
}

/** A message about a record. */
export interface RecordMessage extends SubscriptionMessage {
  topic: TOPIC.RECORD;
  action: RECORD_ACTION;
}

/** A message that writes to a record. */
export interface RecordWriteMessage extends RecordMessage {
  version: number;
  isWriteAck: boolean;
}

/** A message that acknowledges a write to a record. */
export interface RecordAckMessage extends RecordMessage {
  data: any;
}

/** A message of a server's monitoring. */
export interface MonitoringMessage extends Message {
  topic: TOPIC.MONITORING;
}

/** A message between the servers of a cluster about a lock. */
export interface LockMessage extends Message {
  topic: TOPIC.LOCK;
  action: LOCK_ACTION;
  name: string;
  locked: boolean;
}

/** A message between the servers of a cluster about its members. */
export interface ClusterMessage extends Message {
  topic: TOPIC.CLUSTER;
  action: CLUSTER_ACTION;
  serverName: string;
}

/** What is left of a message that could not be read. */
export interface ParseError {
  /** That it is one. */
  parseError: boolean;
  /** What is wrong with it. */
  action: PRESENCE_ACTION;
  /** What could be read of it. */
  parsedMessage: Message;
  /** The bytes that came. */
  raw?: Uint8Array;
  /** What is wrong with it, in words. */
  description?: string;
}

/** What reading a message gives. */
export type ParseResult = Message | ParseError;
