// Who may log in to the server that the program runs with, and what they may do there.
export const users = Object.fromEntries(
  ['ann', 'bob'].map((name) => [name, { password: 'open', ...(name === 'ann' && { clientData: { colour: 'red' } }) }]),
);
export const permissions = {
  event: { 'secret/*': { publish: false, subscribe: false, listen: false } },
  rpc: { 'secret/*': { provide: false, request: false } },
  presence: { eve: { allow: false } },
  record: {
    'secret/*': { create: false, read: false, write: false, delete: false, listen: false, notify: false },
    'fixed/*': { create: true, read: true, write: false, delete: false, listen: true, notify: true },
  },
};
