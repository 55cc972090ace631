// What a listener is offered. The type of the response and its documentation: listen.ts. Plain JavaScript, because the
// WebAssembly side imports this file as it is.
import { DeepstreamError } from './error.js';

export class Offer {
  constructor(subscription, answer) {
    let accepted;
    let ended = false;
    let stop;
    const reply = (accepts) => {
      if (accepted !== undefined) return;
      accepted = accepts;
      answer(accepts);
      stopIfOver();
    };
    // Whoever accepts what is over must hear of it: by then, something may have been started.
    const stopIfOver = () => {
      if (!accepted || !ended || !stop) return;
      const callback = stop;
      stop = undefined;
      callback(subscription);
    };
    // Functions of their own, because applications take them out of the object.
    this.response = {
      accept: () => reply(true),
      reject: () => reply(false),
      onStop: (callback) => {
        if (typeof callback !== 'function') {
          const message = `invalid argument callback: expected a function, got ${typeof callback}`;
          throw new DeepstreamError(message, 'INVALID_ARGUMENT');
        }
        stop = callback;
        stopIfOver();
      },
    };
    this.decline = () => reply(false);
    this.end = () => {
      ended = true;
      stopIfOver();
    };
  }
}
