// Types and documentation: error.d.ts. Plain JavaScript, because the WebAssembly side imports this file as it is.

export class DeepstreamError extends Error {
  // Minifiers rename classes.
  static name = 'DeepstreamError';

  // A getter on the prototype: seen by the stack trace, kept by minifiers, not printed with every error.
  get name() {
    return 'DeepstreamError';
  }

  constructor(message, code, details) {
    super(message, details);
    Object.assign(this, details);
    this.code = code;
  }
}
