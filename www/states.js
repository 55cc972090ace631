import { C } from 'deepstream-wasm';

const { CONNECTION_STATE } = C;

const FINAL_STATES = new Set([
  CONNECTION_STATE.CLOSED,
  CONNECTION_STATE.ERROR,
  CONNECTION_STATE.CHALLENGE_DENIED,
  CONNECTION_STATE.TOO_MANY_AUTH_ATTEMPTS,
  CONNECTION_STATE.AUTHENTICATION_TIMEOUT,
]);

/**
 * The colour of a connection state: 'good' (green), 'bad' (red, the client will not come back
 * by itself) or 'busy' (yellow, everything between).
 */
export function toneOf(state) {
  if (state === CONNECTION_STATE.OPEN) return 'good';
  return FINAL_STATES.has(state) ? 'bad' : 'busy';
}
