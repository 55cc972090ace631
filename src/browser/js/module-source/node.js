// Node.js, whose fetch() reads no files.
import { readFile } from 'node:fs/promises';

export const defaultSource = () => readFile(new URL('./deepstream_wasm_bg.wasm', import.meta.url));
