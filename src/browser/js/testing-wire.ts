// The messages of deepstream's protocol, as objects with the names that its documentation gives to the fields.

/** A message of any topic. */
export interface Message {
  topic: number;
  action: number;
  data?: string | undefined;
  correlationId?: string | undefined;
  isError?: boolean | undefined;
  isAck?: boolean | undefined;
  name?: string | undefined;
  names?: string[] | undefined;
  subscription?: string | undefined;
  originalAction?: number | undefined;
  isWriteAck?: boolean | undefined;
  path?: string | undefined;
  version?: number | undefined;
  versions?: [name: string, version: number][] | undefined;
}

export const CONNECTION = 2;
export const AUTH = 3;
export const EVENT = 4;
export const RECORD = 5;
export const RPC = 6;
export const PRESENCE = 7;

/** Fields by number, from 1 on; `null` where there is none, or one that nobody in this server needs. */
const numbered = (...names: (keyof Message | null)[]): { [number: number]: keyof Message } =>
  Object.fromEntries(names.flatMap((name, index) => (name ? [[index + 1, name]] : [])));

const control = numbered('action', 'data', 'isError', 'isAck');
/** What messages about names begin with. */
const named = ['action', 'data', 'correlationId', 'isError', 'isAck', 'name', 'names'] as const;

/** The fields of each topic. */
const fields: { [topic: number]: { [number: number]: keyof Message } } = {
  [CONNECTION]: control,
  [AUTH]: control,
  [EVENT]: numbered(...named, 'subscription', null, null, 'originalAction'),
  [RECORD]: numbered(...named, null, 'subscription', 'originalAction', 'isWriteAck', 'path', 'version', 'versions'),
  [RPC]: numbered('action', 'data', 'correlationId', 'isError', 'isAck', 'names', 'name', null, 'originalAction'),
  [PRESENCE]: numbered('action', null, 'originalAction', 'data', 'correlationId', 'isError', 'isAck', 'name', 'names'),
};

/** Reads all messages of a frame. */
export function decode(frame: Uint8Array): Message[] {
  const messages: Message[] = [];
  const text = new TextDecoder();
  const reader = new Reader(frame);
  while (reader.hasMore) {
    const message: Message = { topic: 0, action: 0 };
    let body: Uint8Array = new Uint8Array();
    reader.inner().eachField((field, value) => {
      if (field === 2) message.topic = value as number;
      else body = value as Uint8Array;
    });
    new Reader(body).eachField((field, value) => {
      const name = fields[message.topic]?.[field];
      if (!name || name === 'versions') return;
      const is = typeof value === 'number' ? value : text.decode(value);
      if (name === 'names') (message.names ??= []).push(String(is));
      else Object.assign(message, { [name]: name.startsWith('is') ? is !== 0 : is });
    });
    messages.push(message);
  }
  return messages;
}

/** Writes one message as a frame. */
export function encode(message: Message): ArrayBuffer {
  const body: number[] = [];
  for (const [field, name] of Object.entries(fields[message.topic]!)) {
    const value = message[name];
    for (const one of name === 'names' || name === 'versions' ? ((value as unknown[]) ?? []) : [value]) {
      if (one === undefined || one === false) continue;
      if (typeof one === 'string') writeBytes(body, Number(field), bytesOf(one));
      else if (Array.isArray(one)) {
        const entry: number[] = [];
        writeBytes(entry, 1, bytesOf(one[0]));
        writeNumber(entry, 2, one[1]);
        writeBytes(body, Number(field), entry);
      } else writeNumber(body, Number(field), Number(one));
    }
  }
  const envelope: number[] = [];
  writeNumber(envelope, 2, message.topic);
  writeBytes(envelope, 3, body);
  const frame: number[] = [];
  writeVarint(frame, envelope.length);
  return new Uint8Array([...frame, ...envelope]).buffer as ArrayBuffer;
}

const bytesOf = (value: string): number[] => [...new TextEncoder().encode(value)];

function writeNumber(out: number[], field: number, value: number): void {
  writeVarint(out, field << 3);
  writeVarint(out, value);
}

function writeBytes(out: number[], field: number, bytes: number[]): void {
  writeVarint(out, (field << 3) | 2);
  writeVarint(out, bytes.length);
  for (const byte of bytes) out.push(byte);
}

/** A negative number has ten bytes, as one of 64 bits. */
function writeVarint(out: number[], value: number): void {
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    out.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  out.push(Number(rest));
}

class Reader {
  #at = 0;

  constructor(readonly bytes: Uint8Array) {}

  get hasMore(): boolean {
    return this.#at < this.bytes.length;
  }

  eachField(take: (field: number, value: number | Uint8Array) => void): void {
    while (this.hasMore) {
      const key = this.#varint();
      take(key >> 3, (key & 7) === 2 ? this.inner().bytes : this.#varint());
    }
  }

  inner(): Reader {
    const length = this.#varint();
    this.#at += length;
    return new Reader(this.bytes.subarray(this.#at - length, this.#at));
  }

  #varint(): number {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.bytes[this.#at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
  }
}
