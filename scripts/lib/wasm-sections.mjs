// The binary format of WebAssembly, as far as the scripts read it: https://webassembly.github.io/spec/core/binary/.

/** Reads numbers (LEB128) and pieces of some length one after the other. */
export function reader(content) {
  let at = 0;
  const number = () => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = content[at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  const piece = () => {
    const length = number();
    return content.subarray(at, (at += length));
  };
  return { number, piece, isAtEnd: () => at >= content.length };
}

/**
 * The bodies of all functions of a module that has any, where in it what is about them begins and ends, and how many functions it
 * imports.
 */
export function functionsOf(module) {
  const imported = WebAssembly.Module.imports(new WebAssembly.Module(module)).filter(({ kind }) => kind === 'function').length;
  const sections = reader(module.subarray(8));
  for (;;) {
    const [kind, section] = [sections.number(), sections.piece()];
    if (kind !== 10) continue;
    const start = section.byteOffset - module.byteOffset;
    const bodies = reader(section);
    return { start, end: start + section.length, bodies: Array.from({ length: bodies.number() }, bodies.piece), imported };
  }
}

/** The section with the names of functions, one for each number that has one. */
export function nameSection(names) {
  const entries = names.flatMap((name, index) => [...number(index), ...text(name)]);
  const functions = [...number(Object.keys(names).length), ...entries];
  const content = [...text('name'), 1, ...number(functions.length), ...functions];
  return Uint8Array.from([0, ...number(content.length), ...content]);
}

const text = (string) => [...number(string.length), ...Buffer.from(string)];

function number(value) {
  const bytes = [];
  for (; value > 0x7f; value >>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}
