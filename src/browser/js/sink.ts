import type { Rpc } from './rpc.js';
import { Waiting, type Settle } from './waiting.js';

/** The client, as far as it is told. */
interface Told {
  readonly rpc: Rpc;
}

/**
 * Is told by the WebAssembly side what happens. Payloads are JSON texts; `undefined` stands for none. Nothing here throws.
 * @internal
 */
export class Sink {
  readonly waiting = new Waiting();
  /**
   * Held until it is closed: the WebAssembly side, which it holds, holds this object, so that none of them would ever be
   * collected.
   */
  client: Told | undefined;
  #closedClient: WeakRef<Told> | undefined;

  settled(ticket: number, ...outcome: Parameters<Settle>): void {
    this.waiting.settle(ticket, ...outcome);
  }

  requested(
    id: number,
    name: string,
    data: string | undefined,
    requestorName: string | undefined,
    requestorData: string | undefined,
  ): void {
    this.client?.rpc.serve(id, name, data, requestorName, requestorData);
  }

  /** Nothing more comes. Told again of whatever is asked of a closed client. */
  closed(): void {
    if (this.client) this.#closedClient = new WeakRef(this.client);
    this.client = undefined;
    this.#closedClient?.deref()?.rpc.clear();
  }
}
