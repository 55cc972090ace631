/** From here on a character is the first of two. */
const FIRST_PREFIX = '}'.charCodeAt(0);

/**
 * The bytes of the module from the text that scripts/lib/module-text.mjs makes of them.
 * @internal
 */
export function moduleFromText(text: string): Uint8Array {
  const byteOfCode = new Uint8Array(3 * 128);
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let index = 0; index < text.length; index += 1) {
    let code = text.charCodeAt(index);
    if (code >= FIRST_PREFIX) {
      index += 1;
      code = (code - FIRST_PREFIX + 1) * 128 + text.charCodeAt(index);
    }
    // The text begins with the codes of all bytes in ascending order.
    if (length < 256) byteOfCode[code] = length;
    bytes[length] = byteOfCode[code]!;
    length += 1;
  }
  return bytes.subarray(256, length);
}
