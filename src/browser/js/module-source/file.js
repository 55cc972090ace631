// Plain pages, and bundlers that bring along what is named so: the file beside the script.

export const defaultSource = () => new URL('./deepstream_wasm_bg.wasm', import.meta.url);
