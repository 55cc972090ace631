import { invalid, isTime, TIME } from './arguments.js';
import type { EmitOptions } from './outbox.js';

/** By the numbers that the WebAssembly side has for them. */
const DELIVERIES = ['durable', 'memory', 'drop'];

/** How something is to be delivered, as the WebAssembly side is told. */
export interface Delivery {
  readonly delivery: number;
  readonly ttl: number | undefined;
  readonly key: string | undefined;
  readonly receipt: boolean | undefined;
}

/**
 * Checks the last argument of `emit` and `setData`.
 * @throws {DeepstreamError} for anything but an object or nothing, and for options that are wrong
 * @internal
 */
export function checkDelivery(options: any, isEvent: boolean): Delivery {
  if (options === undefined) return DEFAULT;
  if (typeof options !== 'object' || !options) throw invalid('options', 'an object', options);
  for (const [name, value] of Object.entries<any>(options)) {
    const expected = value === undefined ? undefined : complaint(name as keyof EmitOptions, value, isEvent);
    if (expected) throw invalid(name, expected, value, 'option');
  }
  const { delivery, ttl, key, receipt } = options;
  return { delivery: delivery === undefined ? 0 : DELIVERIES.indexOf(delivery), ttl, key, receipt };
}

const DEFAULT: Delivery = { delivery: 0, ttl: undefined, key: undefined, receipt: undefined };

/** What would have been right, where it is not. */
function complaint(name: keyof EmitOptions, value: any, isEvent: boolean): string | undefined {
  if (name === 'delivery') return DELIVERIES.includes(value) ? undefined : "'durable', 'memory' or 'drop'";
  if (name === 'ttl') return isTime(value, 1) ? undefined : `${TIME} from 1 to 2147483647`;
  if (!isEvent) return 'delivery or ttl as its name';
  if (name === 'key') return typeof value === 'string' && value ? undefined : 'a non-empty string';
  if (name === 'receipt') return typeof value === 'boolean' ? undefined : 'true or false';
  return 'delivery, ttl, key or receipt as its name';
}
