/** Each of these begins a code of two characters; all other codes have one. The decoder knows them too. */
const prefixes = ['}', '~'];
/**
 * What string literals escape, and what means something to whoever handles scripts as text: `</script>` and `<!--` in a page,
 * `$&` in a replacement, calls such as `eval(` and `import(` in a search.
 */
const avoided = [...`"'\`\\<$(`, ...prefixes];
const characters = Array.from({ length: 0x7f - 0x20 }, (_, index) => String.fromCharCode(0x20 + index));
const usable = characters.filter((character) => !avoided.includes(character));

/**
 * The module as ASCII text in which each byte is one character, or two if it is rare. The same bytes are the same
 * characters wherever they are, so that gzip and brotli find in the text what they would find in the bytes; in base64 they do
 * not. The text begins with the codes of the bytes 0 to 255: src/browser/js/module-text.ts reads it with them.
 * @param {Uint8Array} bytes
 */
export function moduleAsText(bytes) {
  const codes = chooseCodes(bytes);
  return codes.join('') + Array.from(bytes, (byte) => codes[byte]).join('');
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
