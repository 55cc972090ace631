// Bundlers that do not bring the file along: a script, in a chunk of its own where they make chunks.
import { moduleFromText } from '../module-text.js';

export const defaultSource = async () => moduleFromText((await import('./deepstream_wasm_bg.text.mjs')).default);
