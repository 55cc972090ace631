import unpackerAsBase64 from '../../../target/glue/unpacker.wasm';

interface Unpacker {
  memory: WebAssembly.Memory;
  unpack(text: number, size: number): number;
}

/**
 * The bytes of the module from the text that scripts/lib/module-text.mjs makes of them: examples/unpacker.rs tells how.
 * @internal
 */
export function moduleFromText(text: string): Uint8Array {
  const unpacker = atob(unpackerAsBase64);
  const bytes = new Uint8Array(unpacker.length);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = unpacker.charCodeAt(index);
  const { memory, unpack } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as Unpacker;
  const place = memory.buffer.byteLength;
  // For the text, for what it stands for, and for the module, which is not much longer than its text.
  memory.grow(Math.ceil((4 * text.length) / 0x10000));
  new TextEncoder().encodeInto(text, new Uint8Array(memory.buffer, place));
  const size = unpack(place, text.length);
  return new Uint8Array(memory.buffer, place + 2 * text.length, size);
}
