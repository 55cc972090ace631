import { initSync } from '../../../target/glue/deepstream_wasm.js';
import moduleAsText from '../../../target/glue/deepstream_wasm_bg.wasm';
import { checkHost, compileError } from './loading.js';
import { moduleFromText } from './module-text.js';

let isCompiled = false;

/**
 * Compiles the module within, the first time.
 * @throws {DeepstreamError} each time until it is compiled, with what the host lacks
 * @internal
 */
export function compileModuleInside(): void {
  if (isCompiled) return;
  checkHost();
  try {
    initSync({ module: moduleFromText(moduleAsText) });
  } catch (exception) {
    throw compileError(exception);
  }
  isCompiled = true;
}
