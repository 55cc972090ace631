/** A value whose JSON text has this many bytes: rows of numbers, strings and flags, and one string to fill it up. */
export function payload(id, bytes) {
  const data = { id, t: '' };
  const room = () => bytes - JSON.stringify(data).length;
  if (room() > 100) {
    data.rows = [];
    while (room() > 100) data.rows.push({ key: `quotes/${data.rows.length}`, price: id + 0.25, size: 1200, rising: true });
  }
  data.t = 'x'.repeat(room());
  return data;
}
