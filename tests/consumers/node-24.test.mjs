import { testRuntime } from './runtime.mjs';

testRuntime('Node.js 24');
