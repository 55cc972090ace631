import type { CloseReason } from './client.js'
import type { ReceiptOutcome } from './outbox.js'

/** What a {@link DeepstreamError} may carry besides its message and code. */
export interface DeepstreamErrorDetails {
  /** What led to this error, such as the exception that a callback or the browser threw. */
  cause?: unknown;
  /** Why the server refused, as it said it: usually a name such as `INVALID_AUTHENTICATION_DETAILS`, or data of its own. */
  reason?: unknown;
  /** Why there is no connection, where the error tells of its end. */
  closeReason?: CloseReason
  /** What became of the message, where the error is that of a receipt. */
  outcome?: ReceiptOutcome
  /** What it is about, where it is about one thing: the name of the record, event, procedure or user, or the pattern. */
  subject?: string;
  /** What the server was asked for and refused, as deepstream calls it: `SUBSCRIBE`, `EMIT`, `LISTEN`, `PROVIDE`, … */
  action?: string;
  /** The name of the topic it happened in, such as `CONNECTION` (a name of `C.TOPIC`). */
  topic?: string;
  /** What it is about, where that may be several: names of records, events, … At most three of what the outbox gives up. */
  names?: string[];
  /** How many messages the outbox has given up, where the error tells of that. */
  count?: number;
  /** What is lost and what is there instead, where the code is `RECORD_WRITE_LOST`. */
  lost?: LostWrite;
}

/**
 * What was written to a record and is lost, and why.
 *
 * @example
 * record.setWithAck('title', 'mine').catch(({ lost }) => {
 *   if (lost?.found) offerBoth(lost.edits, lost.found.data);
 * });
 */
export interface LostWrite {
  /** The version that it was written to; `null` for whatever the server had. */
  version: number | null;
  /** What was written, in order; `null` where the record was to be deleted. */
  edits: LostEdit[] | null;
  /**
   * Whose doing it is: that of another `client`, that of the `server`, which has lost data (or others have deleted the
   * record and made it anew), or that of another `page` of this user in this browser.
   */
  by: 'client' | 'server' | 'page';
  /** The version and the data that the server has instead; `null` if nobody has asked it. */
  found: {
    /** The version there. */
    version: number;
    /** The data there. */
    data: unknown;
  } | null;
}

/** One change that is lost. */
export interface LostEdit {
  /** Where; empty for the whole record. Not there where an entry of a list or queue was added or removed. */
  path?: string;
  /** What was set; not there where the path was erased. */
  data?: unknown;
  /** The entry that was added to a list, or removed. */
  entry?: string;
  /** Whether it was removed. */
  remove?: boolean;
  /** Where in the list; at its end if it is not there. */
  index?: number;
  /** Whether the list is a queue. */
  queue?: boolean;
}

/**
 * Every error of the client: thrown, rejected with, given to a callback or reported through `on('error')`.
 *
 * @example
 * try {
 *   await client.login({ token });
 * } catch (error) {
 *   if (error instanceof DeepstreamError) console.warn(error.code, error.message);
 * }
 */
export declare class DeepstreamError extends Error implements DeepstreamErrorDetails {
  constructor(message: string, code: string, details?: DeepstreamErrorDetails);
  /** What errors are told apart by in logs. */
  readonly name: 'DeepstreamError';
  /**
   * Says what went wrong, for programs: unlike the message it stays the same from version to version. Mostly a name of
   * `C.EVENT` or of one of the actions in `C`, such as `CONNECTION_ERROR`.
   */
  readonly code: string;
  readonly cause?: unknown;
  readonly reason?: unknown;
  readonly closeReason?: CloseReason
  readonly outcome?: ReceiptOutcome
  readonly subject?: string;
  readonly action?: string;
  readonly topic?: string;
  readonly names?: string[];
  readonly count?: number;
  readonly lost?: LostWrite;
}
