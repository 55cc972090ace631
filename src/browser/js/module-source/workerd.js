// Cloudflare Workers compile no bytes: what they import is a module that was compiled before.
import module from './deepstream_wasm_bg.wasm';

export const defaultSource = () => module;
