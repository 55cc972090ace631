import { testRuntime } from './runtime.mjs';

testRuntime('Bun', { env: { DO_NOT_TRACK: '1' } });
