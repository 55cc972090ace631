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
}
