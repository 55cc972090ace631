// What clients do to records, one history for every rule of the server and a few hundred left to chance.
//
// A step is `[client, [action, fields], ...]`: messages sent in one piece; or `['!close', client]`, `['!wait']` or
// `['!restart']`.
// `'!crash'` at the end of a step says that it ends the server. A client connects when it first says something.

/** What nobody may do, by the name of the record. */
const denied = {
  unreadable: 'read',
  unwritable: 'write',
  uncreatable: 'create',
  undeletable: 'delete',
  unnotifiable: 'notify',
  unlistenable: 'listen',
};

export const permissions = {
  record: Object.fromEntries(Object.entries(denied).map(([word, rule]) => [`*${word}*`, { [rule]: false }])),
};

const subscribe = (...names) => ['SUBSCRIBECREATEANDREAD', { names, correlationId: '1' }];
const bulk = (action, ...names) => [action, { names, correlationId: '2' }];
const read = (name = 'r') => ['READ', { name }];
const head = (name = 'r') => ['HEAD', { name }];
const remove = (name = 'r') => ['DELETE', { name }];
const json = (data) => (typeof data === 'string' ? data : JSON.stringify(data));
const update = (version, data, more) => ['UPDATE', { name: 'r', version, data: json(data), ...more }];
const patch = (version, path, data, more) => ['PATCH', { name: 'r', version, path, data: json(data), ...more }];
const erase = (version, path, more) => ['ERASE', { name: 'r', version, path, ...more }];
const create = (version, data, more) => ['CREATEANDUPDATE', { name: 'r', version, data: json(data), ...more }];
const createPatch = (...fields) => ['CREATEANDPATCH', patch(...fields)[1]];
const acked = (correlationId = '7') => ({ correlationId, isWriteAck: true });
const listen = (pattern) => ['LISTEN', { name: pattern }];
const accept = (pattern, subscription) => ['LISTEN_ACCEPT', { name: pattern, subscription }];
const reject = (pattern, subscription) => ['LISTEN_REJECT', { name: pattern, subscription }];
const of = (name) => ({ name });

/** Every history also runs on a server with a storage, unless it is about one kind of server. */
const everywhere = {
  'subscribe, create and read': [
    ['a', subscribe('r', 's')], ['a', update(1, { x: 1 })], ['b', subscribe('r')], ['b', subscribe('s', 's')],
    ['b', subscribe('t', 't')],
    ['a', ['SUBSCRIBECREATEANDREAD', { names: ['u'] }]], ['a', ['SUBSCRIBECREATEANDREAD', { correlationId: '3' }]],
  ],
  'subscribe alone': [
    ['a', bulk('SUBSCRIBE', 'r', 's')], ['a', bulk('SUBSCRIBE', 'r')], ['b', create(-1, { x: 1 })],
    ['b', create(2, { x: 2 }, of('s'))],
    ['b', create(1, { x: 2 }, of('s'))], ['a', bulk('UNSUBSCRIBE', 'r', 'never')], ['b', update(2, {})],
    ['a', bulk('UNSUBSCRIBE', 'r')],
    ['a', ['SUBSCRIBE', { correlationId: '3' }]], ['a', ['UNSUBSCRIBE', { correlationId: '4' }]],
  ],
  'subscribe and read': [
    ['a', bulk('SUBSCRIBEANDREAD', 'r')], ['b', head()], ['b', create(1, { x: 1 })],
    ['b', bulk('SUBSCRIBEANDREAD', 'r', 's')],
    ['a', bulk('SUBSCRIBEANDREAD', 'r')], ['a', update(2, { x: 2 })],
  ],
  'subscribe and head': [
    ['a', bulk('SUBSCRIBEANDHEAD', 'r', 's')], ['b', create(1, { x: 1 })], ['b', bulk('SUBSCRIBEANDHEAD', 's', 'r')],
    ['a', bulk('SUBSCRIBEANDHEAD', 'r')], ['a', patch(2, 'y', 1)], ['a', bulk('SUBSCRIBEANDHEAD', 't', 't')],
  ],
  'read and head': [['a', read()], ['a', head()], ['a', create(1, { x: 1 })], ['a', read()], ['a', head()],
  ['a', read('')]],
  'messages that are not handled': [
    ...['HEAD_BULK', 'DELETE_BULK', 'SUBSCRIBECREATEANDUPDATE', 'CREATE'].map((action) => [
      'a', [action, { name: 'r', names: ['r'], correlationId: '1', version: 1, data: '{}' }],
    ]),
    ['a', read()],
  ],
  'writes reach every subscriber but their writer': [
    ['a', subscribe('r')], ['b', subscribe('r')], ['c', head()], ['a', update(1, { x: 1 })], ['b', patch(2, 'x', 2)],
    ['c', patch(3, 'y', 3)],
    ['a', erase(4, 'x')], ['a', erase(5, 'nothing')], ['c', read()],
  ],
  'a write acknowledgement': [
    ['a', subscribe('r')], ['b', subscribe('r')], ['a', update(1, { x: 1 }, acked())],
    ['a', patch(2, 'x', 2, acked('8'))], ['b', erase(3, 'x', acked('9'))],
    ['b', create(4, {}, acked())], ['b', createPatch(5, 'p', 1, acked())],
    ['b', patch(6, 'p', 1, { correlationId: '10' })],
    ['b', patch(7, 'p', 1, { isWriteAck: true })],
  ],
  'the version exists': [
    ['a', subscribe('r')], ['a', update(1, { x: 1 })], ['b', update(1, { x: 2 })], ['b', update(0, { x: 2 })],
    ['b', patch(1, 'x', 3, acked())],
    ['b', erase(1, 'x', { correlationId: '5' })], ['b', create(1, { x: 4 }, acked())], ['b', createPatch(0, 'x', 4)],
    ['b', update(2, { x: 5 })], ['b', read()],
  ],
  'minus one writes over any version': [
    ['a', subscribe('r')], ['b', update(-1, { x: 1 })], ['b', patch(-1, 'y', 1, acked())],
    ['b', create(-1, { z: 1 })], ['b', createPatch(-1, 'q', 1)],
    ['b', erase(-1, 'z')], ['b', head()],
  ],
  'a version too far ahead blocks the record': [
    ['a', subscribe('r')], ['a', update(1, { x: 1 })], ['b', update(5, { x: 5 }, acked())],
    ['a', update(2, { x: 2 })], ['a', create(-1, { x: 3 }, acked())],
    ['a', patch(-1, 'y', 1)], ['a', patch(6, 'y', 1)], ['a', update(9, { x: 4 })], ['a', create(7, { x: 4 })],
    ['a', read()], ['b', remove()],
    ['b', create(1, { x: 5 })], ['b', read()],
  ],
  'a first version too far ahead': [['a', create(3, { x: 1 }, acked())], ['a', read()],
  ['a', create(1, { x: 1 }, acked())], ['a', remove()], ['a', create(1, {})]],
  'a record that does not exist': [
    ['a', update(1, {})], ['a', patch(1, 'x', 1, { correlationId: '3' })], ['a', erase(1, 'x')],
    ['a', erase(-1, 'x')], ['a', head()],
    ['a', create(0, { x: 1 }, acked())], ['a', create(2, { x: 1 }, of('s'))], ['a', head('s')], ['a', head()],
    ['a', create(1, { x: 1 })], ['a', head()],
  ],
  'a write with acknowledgement creates': [
    ['a', update(1, { x: 1 }, acked())], ['a', read()], ['a', patch(1, 'a.b', 1, { ...acked(), name: 's' })],
    ['a', read('s')],
    ['a', erase(1, 'a', { ...acked(), name: 't' })], ['a', read('t')],
    ['a', patch(-1, 'a', 1, { ...acked(), name: 'u' })], ['a', head('u')],
  ],
  'create and patch': [['a', subscribe('s')], ['b', createPatch(1, 'l[1].x', true)], ['b', read()],
  ['b', createPatch(1, 'a', 1, of('s'))], ['b', read('s')]],
  'data that is no record': [
    ['a', subscribe('r')], ['b', subscribe('r')], ['a', update(1, '5')], ['a', update(1, 'null', acked())],
    ['a', update(1, '"text"')],
    ['a', ['UPDATE', { name: 'r', version: 1 }]], ['a', ['ERASE', { name: 'r', version: 1 }]],
    ['a', create(1, 'true', acked())],
    ['a', update(1, [1, 2])], ['b', read()], ['a', create(1, '1', of('s'))], ['a', create(1, '{}', of('s'))],
    ['a', create(1, '{}', of('s'))],
  ],
  'a patch without data erases': [['a', create(1, { x: 1, y: 1 })], ['b', subscribe('r')],
  ['a', ['PATCH', { name: 'r', version: 2, path: 'x' }]], ['b', read()]],
  'an erase with data patches': [['a', create(1, {})], ['b', subscribe('r')],
  ['a', ['ERASE', { name: 'r', version: 2, path: 'x', data: '1' }]], ['b', read()]],
  'deleting': [
    ['a', subscribe('r')], ['b', subscribe('r')], ['c', head()], ['a', update(1, { x: 1 })], ['b', remove()],
    ['c', read()], ['c', create(1, { x: 2 })],
    ['a', update(2, { x: 3 })], ['a', subscribe('r')], ['b', patch(3, 'x', 4)],
    ['c', ['DELETE', { name: 'r', correlationId: '12' }]], ['c', remove()],
    ['c', update(4, {})], ['a', subscribe('r')], ['a', head()],
  ],
  'notify': [
    ['a', subscribe('r')], ['b', subscribe('r', 's')], ['a', update(1, { x: 1 })],
    ['a', bulk('NOTIFY', 'r', 's', 'missing')], ['c', read()],
    ['c', bulk('NOTIFY', 'r')], ['a', update(2, { x: 2 })], ['c', ['NOTIFY', { correlationId: '5' }]],
    ['b', bulk('NOTIFY', 'x', 'x')],
  ],
  'paths': [
    ['a', create(1, { o: { k: 1 }, l: [1, { x: 1 }], s: 'text', n: 5 })], ['b', subscribe('r')],
    ...[
      ['o.k', '2'], ['o . k2 ', '3'], ['l[0]', '"zero"'], ['l[1].x', '[]'], ['l[4]', '4'], ['m[1].x', '1'],
      ['s.t', '1'], ['n[2]', '1'], ['o[3]', '1'],
      ['l.k', '1'], ['..o..k..', '6'], ['l[]', '[7]'], ['l[0][1]', '8'], ['q[x].y', '9'], ['l[ 2 ]', '10'],
      ['.', '11'], ['[0]', '12'], ['a[-1]', '13'],
      ['o.k[', '14'], ['e[1.5]', '15'], ['l.0', '16'], ['l.length', '17'],
      ['o.k', 'null'], ['o.z', ' 0 '], ['o.f', 'false'], ['o.e', '""'],
    ].map(([path, data], index) => ['a', patch(index + 2, path, data)]),
    ['b', read()],
    ...['o.k2', 'l[0]', 'l[99]', 'l', 'no.such.path', 'o[3]'].map((path, index) => ['a', erase(index + 28, path)]),
    ['b', read()],
  ],
  'arrays at the root': [
    ['a', create(1, [1, 2])], ['a', patch(2, '0', '"zero"')], ['a', patch(3, '[1]', '"one"')],
    ['a', patch(4, '3', '"three"')], ['a', patch(5, 'x', 1)],
    ['a', read()], ['a', erase(6, '0')], ['a', read()],
  ],
  'no path replaces the root': [
    ['a', create(1, { x: 1 })], ['b', subscribe('r')], ['a', patch(2, '', { y: 1 })], ['a', patch(3, '', '5')],
    ['b', read()], ['a', update(4, { z: 1 })], ['b', read()],
  ],
  'how JSON is written down': [
    ['a', create(1, ' { "b" : 1.0, "a" : [ 1e3, 1e21, 1e-7, 0.1, -0, 12345678901234567890 ], "b" : 2 } ')],
    ['b', subscribe('r')],
    ['a', patch(2, 'keys', '{"z":1,"10":1,"2":1,"01":1,"-1":1,"a":1}')],
    ['a', patch(3, 'text', '"\\u00e9\\u0001\\/\\"\\u2028"')], ['a', patch(4, '7', 1)],
    ['b', read()],
  ],
  'permissions': [
    ['a', subscribe('r', 'unreadable', 'uncreatable')], ['a', read('unreadable')], ['a', head('unreadable')],
    ['a', create(1, {}, { ...acked(), name: 'uncreatable' })], ['a', createPatch(1, 'x', 1, of('uncreatable'))],
    ['a', create(1, {}, { ...acked(), name: 'unwritable' })], ['a', subscribe('unwritable')],
    ['a', update(1, {}, of('unwritable'))],
    ['a', patch(1, 'x', 1, { ...acked(), name: 'unwritable' })], ['a', erase(1, 'x', of('unwritable'))],
    ['a', read('unwritable')],
    ['a', subscribe('undeletable')], ['a', remove('undeletable')],
    ['a', ['DELETE', { name: 'undeletable', correlationId: '6' }]],
    ['a', bulk('NOTIFY', 'unnotifiable')], ['a', bulk('SUBSCRIBE', 'unreadable')],
    ['a', bulk('SUBSCRIBEANDHEAD', 'unreadable')],
    ['a', bulk('SUBSCRIBEANDREAD', 'unreadable')], ['a', subscribe('unreadable')],
    ['a', bulk('UNSUBSCRIBE', 'unreadable')],
  ],
  'a record exists that may not be created': [
    ['a', update(1, { x: 1 }, { ...acked(), name: 'uncreatable' })], ['a', subscribe('uncreatable')],
    ['a', create(2, {}, of('uncreatable'))],
    ['a', update(2, {}, of('uncreatable'))],
  ],
  'a denied name takes the last one with it': [
    ['a', bulk('SUBSCRIBE', 'e1', 'unreadable', 'e2', 'e3')], ['b', create(1, {}, of('e2'))],
    ['b', create(1, {}, of('e3'))],
    ['b', create(1, {}, of('unreadable'))], ['c', bulk('SUBSCRIBEANDHEAD', 'unreadable1', 'unreadable2', 'f1', 'f2')],
    ['c', bulk('SUBSCRIBEANDREAD', 'unreadable3', 'unreadable4')], ['c', bulk('SUBSCRIBEANDREAD', 'unreadable5', 'g')],
    ['a', bulk('NOTIFY', 'e1', 'unnotifiable', 'e2')],
  ],
  'a client leaves': [
    ['a', subscribe('r')], ['b', subscribe('r')], ['!close', 'b'], ['a', update(1, {})], ['b', update(2, {})],
    ['b', subscribe('r')], ['a', update(3, {})],
  ],
  'listening': [
    ['p', listen('r.*')], ['a', subscribe('r1', 'x')], ['p', accept('r.*', 'r1')], ['b', subscribe('r1')],
    ['b', bulk('UNSUBSCRIBE', 'r1')],
    ['a', bulk('UNSUBSCRIBE', 'r1', 'x')], ['p', accept('r.*', 'r1')], ['a', subscribe('r1')],
    ['p', reject('r.*', 'r1')], ['a', subscribe('r2')],
    ['p', reject('r.*', 'r2')], ['p', ['UNLISTEN', { name: 'never' }]], ['p', listen('(')],
    ['p', listen('unlistenable')], ['p', ['UNLISTEN', { name: 'r.*' }]],
  ],
  'two listeners': [
    ['a', subscribe('r')], ['p', listen('r')], ['q', listen('r')], ['q', listen('.*r')], ['p', reject('r', 'r')],
    ['q', reject('r', 'r')],
    ['q', accept('.*r', 'r')], ['b', subscribe('r')], ['q', ['UNLISTEN', { name: '.*r' }]], ['p', accept('r', 'r')],
    ['q', ['UNLISTEN', { name: 'r' }]],
    ['!close', 'p'], ['q', listen('r')], ['q', accept('r', 'r')], ['!close', 'q'],
  ],
  'a listener goes and another one takes over': [
    ['p', listen('r')], ['a', subscribe('r')], ['p', accept('r', 'r')], ['q', listen('r')], ['!close', 'p'],
    ['q', accept('r', 'r')],
    ['b', remove('r')], ['a', subscribe('r')], ['q', accept('r', 'r')], ['!close', 'a'],
  ],
  'who stops listening ends the searches of others': [
    ['p', listen('r')], ['q', listen('r')], ['q', listen('other')], ['a', subscribe('r')],
    ['q', ['UNLISTEN', { name: 'other' }]], ['p', reject('r', 'r')], ['p', accept('r', 'r')], ['b', subscribe('r')],
  ],
  'a listener does not answer': [
    ['p', listen('r')], ['q', listen('r')], ['a', subscribe('r')], ['!wait'], ['q', accept('r', 'r')],
    ['p', ['UNLISTEN', { name: 'r' }]], ['b', subscribe('r')],
    ['b', subscribe('s')], ['p', listen('s')], ['p', ['UNLISTEN', { name: 's' }]], ['!wait'], ['p', accept('s', 's')],
    ['p', listen('s')], ['!wait'],
  ],
  'in one piece: writes of one client': [
    ['a', subscribe('r')], ['b', subscribe('r')],
    ['a', update(1, { x: 1 }), patch(2, 'x', 2), patch(3, 'x', 3, acked())], ['b', read()],
    ['a', update(-1, {}), update(-1, { y: 1 }), patch(6, 'y', 2)], ['a', patch(7, 'y', 3), update(-1, {})],
    ['a', read()],
  ],
  'in one piece: twice the same version': [
    ['a', subscribe('r')], ['b', subscribe('r')],
    ['a', update(1, { x: 1 }, acked()), update(1, { x: 2 }, acked('8'))], ['a', read()],
    ['b', patch(2, 'x', 1), patch(2, 'x', 2), patch(3, 'x', 3), patch(2, 'x', 4)], ['a', read()],
    ['a', patch(4, 'x', 0), patch(6, 'x', 1), patch(5, 'x', 2)], ['a', read()],
    ['a', update(6, {}), update(7, {}), update(9, {})],
    ['a', update(8, {})], ['a', read()],
  ],
  'in one piece: a stale write and the next': [
    ['a', subscribe('r')], ['b', update(1, { x: 1 })], ['a', update(1, { y: 1 }), patch(2, 'z', 1), patch(3, 'z', 2)],
    ['b', read()],
  ],
  'in one piece: subscribing undoes a creation': [
    ['a', create(1, { x: 1 }), read(), head(), subscribe('r')], ['a', read()],
  ],
  'in one piece: writing and reading': [
    ['a', create(1, { x: 1 })], ['a', patch(2, 'x', 2), read(), patch(3, 'x', 3), read()],
    ['a', remove(), read(), subscribe('r')],
    ['a', read(), remove(), head()], ['a', create(1, { x: 1 })], ['a', subscribe('r'), remove()],
    ['a', remove(), subscribe('r')],
    ['a', update(1, {}), remove(), create(1, { z: 1 })], ['a', read()],
  ],
  'in one piece: a record that does not exist': [
    ['a', update(1, {}, { correlationId: '1' }), patch(2, 'x', 1, acked()), patch(2, 'y', 1)], ['a', read()],
    ['a', create(1, { x: 1 }), create(2, { x: 2 }), create(2, {})],
    ['a', read()], ['a', create(1, {}, of('s')), subscribe('s'), update(2, { x: 2 }, of('s'))], ['a', read('s')],
  ],
};

const memory = {
  'a restart loses everything': [
    ['a', subscribe('r')], ['a', update(1, { x: 1 })], ['!restart'], ['a', bulk('SUBSCRIBEANDHEAD', 'r')],
    ['a', read()], ['a', update(2, { x: 2 })],
    ['a', update(2, { x: 2 }, acked())], ['a', create(-1, {})],
  ],
  'a path through null': [['a', create(1, { a: null })], ['a', patch(2, 'a.b', 1), '!crash'], ['a', read()]],
  'a path into a scalar': [['a', create(1, {})], ['a', patch(2, '', '5')], ['a', patch(3, 'a', 1), '!crash']],
  'listening twice with a pattern': [['a', listen('r')], ['a', listen('r'), '!crash']],
  'text that is not JSON': [['a', subscribe('r')], ['a', update(1, '{nope'), '!crash']],
};

const storage = {
  'a restart loses nothing': [
    ['a', subscribe('r', 's')], ['a', update(1, { x: 1 })], ['a', patch(2, 'l[2]', 2)], ['!restart'],
    ['a', bulk('SUBSCRIBEANDHEAD', 'r', 's', 't')], ['a', read()],
    ['a', bulk('SUBSCRIBEANDHEAD', 'r', 's')], ['b', patch(3, 'x', 2)], ['b', create(1, { y: 1 }, of('s'))],
    ['!restart'], ['b', subscribe('r', 's')], ['b', remove()], ['!restart'],
    ['b', head()], ['b', head('s')],
  ],
  'a hole is null after a restart': [
    ['a', create(1, {})], ['a', patch(2, 'l[1]', 1)], ['a', patch(3, 'l[0].x', 1)], ['a', erase(4, 'l[0]')],
    ['!restart'], ['a', patch(5, 'l[0].x', 1), '!crash'],
  ],
  'written at once after a restart': [
    ['a', create(1, { x: 1 })], ['!restart'],
    ['a', patch(2, 'x', 2), read(), patch(2, 'x', 3), patch(3, 'x', 4, acked())], ['a', read()],
  ],
};

const named = (server, histories) => Object.entries(histories).map(([name, steps]) => ({ name, server, steps }));

export const handWritten = [
  ...named('memory', { ...everywhere, ...memory }),
  ...named('storage', { ...everywhere, ...storage }),
];

/** Numbers from 0 up to 1, always the same ones for a seed (mulberry32). */
function dice(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A few hundred histories that nobody thought of. */
export function random() {
  return Array.from({ length: 180 }, (_, seed) => randomHistory(seed));
}

function randomHistory(seed) {
  const roll = dice(seed);
  const pick = (choices) => choices[Math.floor(roll() * choices.length)];
  const server = seed % 2 ? 'storage' : 'memory';
  /** Roughly the versions that the server has. */
  const versions = { r: 0, s: 0 };
  const names = () => [
    ...new Set([pick(['r', 's', 'unreadable']), pick(['r', 's', 'r', 'unreadable', 'uncreatable'])]),
  ];

  function version(name) {
    const chance = roll();
    if (chance < 0.65) return (versions[name] += 1);
    if (chance < 0.8) {
      versions[name] += 1;
      return -1;
    }
    return chance < 0.97 ? Math.max(0, versions[name] - pick([0, 0, 1])) : versions[name] + 2;
  }

  function write() {
    const name = pick(['r', 'r', 's']);
    const action = pick(['UPDATE', 'PATCH', 'PATCH', 'ERASE', 'CREATEANDUPDATE', 'CREATEANDPATCH']);
    const fields = { name, version: version(name), ...(roll() < 0.3 ? acked() : {}) };
    if (action === 'UPDATE' || action === 'CREATEANDUPDATE') {
      return [action, { ...fields, data: pick(['{}', '{"a":1}', '{"b":{"c":2}}', '{"l":[1]}']) }];
    }
    const path = pick(['a', 'b.c', 'l[1]', 'l[0]', 'b']);
    return [action, { ...fields, path, ...(action === 'ERASE' ? {} : { data: pick(['0', '"x"', '{"d":1}', '[]']) }) }];
  }

  function message() {
    const chance = roll();
    if (chance < 0.55) return write();
    if (chance < 0.7) return subscribe(...names());
    if (chance < 0.75) return bulk('SUBSCRIBEANDHEAD', ...names());
    if (chance < 0.79) return bulk(pick(['SUBSCRIBE', 'SUBSCRIBEANDREAD']), ...names());
    if (chance < 0.84) return bulk('UNSUBSCRIBE', ...names());
    if (chance < 0.9) return pick([read, head])(pick(['r', 's']));
    if (chance < 0.94) return bulk('NOTIFY', ...names());
    const name = pick(['r', 's']);
    versions[name] = 0;
    return remove(name);
  }

  function step() {
    if (roll() < 0.03) return pick([['!restart'], ['!close', 'a']]);
    const id = pick(['a', 'b']);
    return roll() < 0.75 ? [id, message()] : [id, message(), message(), ...(roll() < 0.5 ? [message()] : [])];
  }

  const steps = [['a', subscribe('r')], ['b', subscribe('r', 's')], ...Array.from({ length: 5 }, step)];
  return { name: `random ${seed}`, server, steps: withoutIdleCloses(steps) };
}

/** Only those who are there can leave. */
function withoutIdleCloses(steps) {
  const present = new Set();
  return steps.filter(([id, other]) => {
    if (id === '!close') return present.delete(other);
    if (id === '!restart') present.clear();
    else present.add(id);
    return true;
  });
}
