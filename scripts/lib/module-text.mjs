import { readFile } from 'node:fs/promises';
import { Failure } from './process.mjs';
import { functionsOf } from './wasm-sections.mjs';

/**
 * Each of these begins a code of two characters; all other codes have one. The decoder knows them too. brotli takes neither for any
 * other character where it looks at those before (RFC 7932, section 7.1), so it sees that a second one follows.
 */
const prefixes = ['.', '='];
/**
 * What string literals escape, and what means something to whoever handles scripts as text: `</script>` and `<!--` in a page,
 * `$&` in a replacement, calls such as `eval(` and `import(` in a search.
 */
const avoided = [...`"'\`\\<$(`, ...prefixes];
const characters = Array.from({ length: 0x7f - 0x20 }, (_, index) => String.fromCharCode(0x20 + index));
const usable = characters.filter((character) => !avoided.includes(character));

/**
 * The module as ASCII text that compresses well: what its functions consist of in lists of what is alike (examples/unpacker.rs), and
 * each byte of that one character, or two if it is rare. The same bytes are the same characters wherever they are, so that gzip and
 * brotli find in the text what they would find in the bytes; in base64 they do not.
 * @param {{ wasm: string, packer: string, unpacker: string }} paths of the module, of what takes it apart, and of what puts it together
 */
export async function moduleAsText({ wasm, packer, unpacker }) {
  const [module, ...tools] = await Promise.all([wasm, packer, unpacker].map((path) => readFile(path)));
  const [{ instance: packing }, { instance: unpacking }] = await Promise.all(tools.map((tool) => WebAssembly.instantiate(tool)));
  const parts = takeApart(module, packing.exports);
  const codes = chooseCodes(parts);
  const text = codes.join('') + Array.from(parts, (byte) => codes[byte]).join('');
  if (!unpack(text, unpacking.exports).equals(module)) throw new Failure(unknown);
  return text;
}

const unknown = 'The module has instructions that examples/unpacker.rs does not know.';

/** How many lists there are, and how many numbers follow their places at the beginning (examples/unpacker.rs). */
const [lists, more] = [16, 3];

/** The bytes that are to be the text, without the codes. */
function takeApart(module, { memory, take_apart }) {
  const { start, end } = functionsOf(module);
  const place = allocate(memory, module.length * (lists + 1));
  const places = allocate(memory, 4 * lists);
  // Each list has room for all there is.
  const begins = Array.from({ length: lists }, (_, list) => place + module.length * (1 + list));
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(module, place);
  const ends = new Uint32Array(memory.buffer, places, lists);
  ends.set(begins);
  if (take_apart(place + start, places) !== place + end) throw new Failure(unknown);
  const pieces = [...begins.map((begin, list) => bytes.subarray(begin, ends[list])), module.subarray(0, start), module.subarray(end)];
  const header = [];
  let at = 4 * (lists + more) ;
  for (const piece of pieces) {
    header.push(at);
    at += piece.length;
  }
  return Buffer.concat([new Uint8Array(new Uint32Array([...header, module.length]).buffer), ...pieces]);
}

function unpack(text, { memory, unpack: unpackText }) {
  const place = allocate(memory, 4 * text.length);
  Buffer.from(memory.buffer).write(text, place, 'latin1');
  const size = unpackText(place, text.length);
  return Buffer.from(memory.buffer, place + 2 * text.length, size);
}

function allocate(memory, size) {
  const place = memory.buffer.byteLength;
  memory.grow(Math.ceil(size / 0x10000));
  return place;
}

/** The code of each byte. */
function chooseCodes(bytes) {
  const counts = new Array(256).fill(0);
  for (const byte of bytes) counts[byte] += 1;
  const byFrequency = [...counts.keys()].sort((one, other) => counts[other] - counts[one]);
  const frequent = byFrequency.slice(0, usable.length);
  const rare = byFrequency.slice(usable.length).sort((one, other) => one - other);

  const codes = [];
  // A byte that is a usable character stays what it is, which brotli likes best.
  const free = new Set(usable);
  for (const byte of frequent) {
    const itself = String.fromCharCode(byte);
    if (free.delete(itself)) codes[byte] = itself;
  }
  const left = [...free];
  for (const byte of frequent) codes[byte] ??= left.shift();
  rare.forEach((byte, index) => {
    codes[byte] = prefixes[Math.floor(index / usable.length)] + usable[index % usable.length];
  });
  return codes;
}
