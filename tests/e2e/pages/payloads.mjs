/** One value of every kind that JSON can say, and `undefined`. */
export const payloads = [
  undefined,
  null,
  true,
  false,
  0,
  -1.5e-7,
  Number.MAX_VALUE,
  Number.MAX_SAFE_INTEGER,
  '',
  'plain',
  'Grüße, 世界, 🦀, e\u0301',
  '\uD83E alone \uDD80',
  '\0 \u0001 \u2028 " \\ / \n',
  [],
  [1, [2, [3, null]], 'four'],
  {},
  { a: { b: [{ c: 'd' }] }, '': 1, '🦀': 2 },
  'x'.repeat(100_000),
];

/** A value as text that differs wherever the values differ. */
export const exact = (value) => `${typeof value} ${JSON.stringify(value)}`;
