/** How a listener answers when it is asked whether it provides a subscription. The functions may be taken out of it. */
export interface ListenResponse {
  /** This client provides it: nobody else is asked, until `onStop` is called. */
  accept: () => void;
  /** It does not: the server asks the next listener, if there is one. */
  reject: (reason?: string) => void;
  /**
   * Calls back once, when what was accepted is over: nobody is subscribed any more, the connection was lost (what is still
   * wanted is offered again after the reconnect), `unlisten` was called, or the answer came too late for the server. A
   * later callback takes the place of an earlier one.
   * @throws {DeepstreamError} for a callback that is not a function
   */
  onStop: (callback: (subscriptionName: string) => void) => void;
}

/**
 * Is asked about every subscription that matches a pattern. The server waits half a second for the answer, unless it is
 * configured otherwise, then asks the next listener, and tells this client with an error called `LISTEN_RESPONSE_TIMEOUT`.
 * A listener that throws before it has answered has rejected.
 */
export type ListenCallback = (subscriptionName: string, response: ListenResponse) => void;
