import { callSafely } from './listeners.js';
import { decode, encode, type Message } from './testing-wire.js';

/** What clients dial. */
export interface Network {
  dial(url: string): WebSocket;
}

/** One client's socket, as the server sees it. */
export interface Connection {
  /** Who is logged in; `null` before. */
  user: string | null;
  failedLogins: number;
  say(message: Message): void;
  /** Closes the socket. */
  end(code: number): void;
}

/**
 * So many microtasks pass between two messages: what waits for promises of the first one comes before the second, as it
 * does where each message is a task of its own.
 */
const MICROTASKS = 20;

/**
 * All sockets of a server, and the network between. What is sent arrives in order, and in microtasks: no timer can hold
 * it up.
 */
export class Connections implements Network {
  all: MemorySocket[] = [];
  #state: 'open' | 'refusing' | 'silent' = 'open';
  readonly #underWay: (() => void)[] = [];
  #isCarrying = false;

  constructor(
    readonly onMessage: (connection: Connection, message: Message) => void,
    readonly onClosed: (connection: Connection) => void,
  ) {}

  dial(url: string): WebSocket {
    const socket = new MemorySocket(url, this);
    this.carry(() => {
      if (socket.readyState !== 0) return;
      if (this.#state === 'refusing') return socket.fail();
      this.all.push(socket);
      socket.open();
    });
    return socket as unknown as WebSocket;
  }

  /** Has something arrive. */
  carry(arrive: () => void): void {
    this.#underWay.push(arrive);
    if (!this.#isCarrying) void this.#carryAll();
  }

  async #carryAll(): Promise<void> {
    this.#isCarrying = true;
    while (this.#underWay.length > 0 && this.#state !== 'silent') {
      for (let turn = 0; turn < MICROTASKS; turn += 1) await undefined;
      if ((this.#state as string) !== 'silent') callSafely(() => this.#underWay.shift()?.());
    }
    this.#isCarrying = false;
  }

  cut(): void {
    for (const socket of [...this.all]) this.end(socket, 1006);
  }

  refuse(): void {
    this.#state = 'refusing';
    this.cut();
    if (!this.#isCarrying) void this.#carryAll();
  }

  silence(): void {
    this.#state = 'silent';
  }

  heal(): void {
    this.#state = 'open';
    if (!this.#isCarrying) void this.#carryAll();
  }

  /** The socket is closed, by whichever side. */
  end(socket: MemorySocket, code: number): void {
    if (!this.all.includes(socket)) return;
    this.all = this.all.filter((other) => other !== socket);
    this.onClosed(socket);
    socket.closed(code);
  }
}

type Handler = ((event: any) => void) | null;

/** As much of a `WebSocket` as the client uses. */
class MemorySocket implements Connection {
  user: string | null = null;
  failedLogins = 0;
  readyState = 0;
  binaryType = 'arraybuffer';
  readonly bufferedAmount = 0;
  onopen: Handler = null;
  onmessage: Handler = null;
  onerror: Handler = null;
  onclose: Handler = null;

  constructor(
    readonly url: string,
    readonly connections: Connections,
  ) {}

  // ---- what the client does ----

  send(frame: Uint8Array): void {
    // The client may write the next frame where this one is.
    const bytes = frame.slice();
    this.connections.carry(() => {
      if (!this.connections.all.includes(this)) return;
      for (const message of decode(bytes)) this.connections.onMessage(this, message);
    });
  }

  close(): void {
    if (this.readyState > 1) return;
    this.readyState = 2;
    this.connections.carry(() => this.connections.end(this, 1005));
  }

  // ---- what the server does ----

  say(message: Message): void {
    const data = encode(message);
    this.connections.carry(() => {
      if (this.readyState === 1) this.onmessage?.({ data });
    });
  }

  end(code: number): void {
    this.connections.carry(() => this.connections.end(this, code));
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.({});
  }

  fail(): void {
    this.onerror?.({});
    this.closed(1006);
  }

  closed(code: number): void {
    this.readyState = 3;
    void Promise.resolve().then(() => this.onclose?.({ code, reason: '' }));
  }
}
